import type { AccountSessions } from '../../sessions/operations/accounts.ts'
import type { Account, Accounts } from '../accounts.ts'
import { isEmail } from '../email.ts'
import { nameField } from '../name.ts'
import { passwordError } from '../passwords/password-policy.ts'
import { type Command, CommandError, EXIT_USAGE, type Flags, HELP, readCommand } from './command-line.ts'
import { confirm, readPassword, type Terminal } from './terminal.ts'

export interface CommandContext extends Terminal {
  readonly accounts: Accounts
  readonly accountSessions: AccountSessions
}

/** Returns the exit code: 0, 1 for a failure, 64 for a usage error. */
export async function accountCommand(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    context.stdout.write(await run(readCommand(args), context))
    return 0
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    context.stderr.write(`${error.message}\n`)
    if (error.exit === EXIT_USAGE) context.stderr.write(`\n${HELP}`)
    return error.exit
  }
}

async function run({ command, email, flags }: Command, context: CommandContext): Promise<string> {
  const { accounts } = context
  switch (command) {
    case 'help':
      return HELP
    case 'list':
      return list(await accounts.list(), flags)
    case 'create-staff':
      return createStaff(email, flags, context)
    case 'set-password':
      return setPassword(await findAccount(email, context), flags, context)
    case 'disable':
      return ended('is disabled', await accounts.disable((await findAccount(email, context)).id), context)
    case 'enable':
      return `${requireAccount(await accounts.enable((await findAccount(email, context)).id)).email} may sign in again\n`
    case 'sign-out':
      return ended('is signed out', await accounts.signOutEverywhere((await findAccount(email, context)).id), context)
    case 'delete':
      return remove(await findAccount(email, context), flags, context)
    default:
      throw new CommandError(`account has no command "${command}"`, EXIT_USAGE)
  }
}

function list(accounts: readonly Account[], { json }: Flags): string {
  const rows = accounts.map(({ id, email, name, role, createdAt, disabledAt }) => ({
    id,
    email,
    name,
    role,
    createdAt,
    disabledAt,
  }))
  if (json) return `${JSON.stringify(rows, null, 2)}\n`
  const widest = Math.max(0, ...rows.map(({ email }) => email.length))
  const line = ({ email, role, createdAt, disabledAt }: (typeof rows)[number]) =>
    `${email.padEnd(widest)}  ${role.padEnd(8)}  since ${createdAt.toISOString().slice(0, 10)}${disabledAt ? '  disabled' : ''}\n`
  return rows.map(line).join('') || 'there are no accounts yet\n'
}

async function createStaff(email: string, flags: Flags, context: CommandContext): Promise<string> {
  if (email === '') throw missing()
  if (!isEmail(email)) throw new CommandError(`"${email}" is no e-mail address`, EXIT_USAGE)
  const taken = new CommandError(`${email} has an account already`)
  if ((await context.accounts.findByEmail(email)) !== null) throw taken
  const name = checkedName(flags.name ?? email.split('@')[0])
  const password = await newPassword({ email, name }, flags, context)
  const added = await context.accounts.create({ email, name, role: 'staff', password })
  if (added === null) throw taken
  return `${email} is a member of staff\n`
}

function checkedName(given: string | undefined): string {
  const { success, data, error } = nameField().safeParse(given)
  if (!success) throw new CommandError(error.issues[0]?.message ?? 'the name is invalid')
  return data
}

async function setPassword(account: Account, flags: Flags, context: CommandContext): Promise<string> {
  const password = await newPassword(account, flags, context)
  return ended('has a new password', await context.accounts.setPassword(account.id, password), context)
}

async function remove(account: Account, { yes }: Flags, context: CommandContext): Promise<string> {
  const { email, id } = account
  if (!yes && !(await confirm(`Remove ${email} for good? Type the address: `, email, context)))
    throw new CommandError(`${email} was not removed: type the address to confirm, or add --yes`)
  await context.accounts.delete(id)
  return ended('is removed', account, context)
}

/** The credentials version is raised already, so these sessions are invalid. */
async function ended(what: string, account: Account | null, { accountSessions }: CommandContext): Promise<string> {
  const { email, id } = requireAccount(account)
  return `${email} ${what}; sessions ended: ${await accountSessions.endAll(id)}\n`
}

function requireAccount(account: Account | null): Account {
  if (account === null) throw new CommandError('the account was removed meanwhile')
  return account
}

async function findAccount(email: string, { accounts }: CommandContext): Promise<Account> {
  if (email === '') throw missing()
  const account = await accounts.findByEmail(email)
  if (account === null)
    throw new CommandError(`no account has the address ${email}; \`account list\` shows all accounts`)
  return account
}

const missing = () => new CommandError('an e-mail address is missing', EXIT_USAGE)

async function newPassword(owner: { email: string; name: string }, flags: Flags, terminal: Terminal) {
  const password = await readPassword(flags['password-stdin'], terminal)
  if (password === undefined)
    throw new CommandError('there is no terminal to ask for the password: add --password-stdin')
  const error = passwordError(password, owner)
  if (error !== undefined) throw new CommandError(error)
  return password
}
