import { parseArgs } from 'node:util'

export const HELP = `roundhouse account: manage accounts from the command line

  create-staff EMAIL [--name NAME]   add a member of staff; asks for the password
  list [--json]                      all accounts: address, role, date of registration, disabled
  set-password EMAIL                 replace a forgotten password; ends every session
  disable EMAIL                      prevent sign-ins; ends every session at once
  enable EMAIL                       allow sign-ins again
  sign-out EMAIL                     end every session
  delete EMAIL [--yes]               remove the account for good; asks first without --yes

  The command asks for a password twice and does not show it. With --password-stdin it reads
  the password from standard input.

Examples
  npm run account -- create-staff sten@example.com --name Sten
  openssl rand -base64 18 | tee password | npm run account -- create-staff sten@example.com --password-stdin
  npm run account -- list --json
  npm run account -- set-password ada@example.com
  npm run account -- disable ada@example.com
  npm run account -- enable ada@example.com
  npm run account -- sign-out ada@example.com
  npm run account -- delete ada@example.com --yes
`

/** EX_USAGE of sysexits.h. */
export const EXIT_USAGE = 64

/** A message for the operator. */
export class CommandError extends Error {
  readonly exit: number

  constructor(message: string, exit = 1) {
    super(message)
    this.exit = exit
  }
}

export interface Flags {
  readonly name?: string | undefined
  readonly 'password-stdin': boolean
  readonly yes: boolean
  readonly json: boolean
  readonly help: boolean
}

export interface Command {
  readonly command: string
  readonly email: string
  readonly flags: Flags
}

/** Throws CommandError with EXIT_USAGE. */
export function readCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
      strict: true,
    })
    const [command = 'help', email = '', ...more] = positionals
    if (more.length > 0) throw new Error(`"${more.join(' ')}" is one argument too many`)
    return { command: values.help ? 'help' : command, email, flags: values }
  } catch (error) {
    throw new CommandError((error as Error).message, EXIT_USAGE)
  }
}

const OPTIONS = {
  name: { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const
