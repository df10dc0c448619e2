import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { commandLine, identify } from '../processes/identity.ts'
import { runToEnd, stopProcess } from '../processes/processes.ts'
import { readOrCreateSecret } from '../secret.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { Unprivileged } from './unprivileged.ts'

export const superuser = 'postgres'

/** Throws where another major version made the folder. */
export async function prepareFolder(
  folder: string,
  binaries: PostgresBinaries,
  user: Unprivileged,
  durable: boolean,
): Promise<void> {
  const data = join(folder, 'data')
  const version = madeBy(data)
  const major = binaries.version.split('.')[0]
  if (version === undefined) await initialise(folder, binaries, user, durable)
  else if (version !== major) {
    throw new Error(`${data} was made by Postgres ${version}, this is ${binaries.version}: use another --data folder`)
  }
}

/** Ends a Postgres that a killed `up` left running, and removes its lock file. */
export async function endStray(folder: string): Promise<boolean> {
  const file = join(folder, 'data', 'postmaster.pid')
  const pid = Number(readFirstLine(file))
  // The pid may belong to another program: the command line must name the folder.
  const stray = pid > 0 && commandLine(pid).includes(`${join(folder, 'data')} `) ? identify(pid) : undefined
  if (stray !== undefined) await stopProcess(stray, 'SIGINT', 5_000)
  // Postgres takes any live process with this pid for its predecessor, and refuses to start.
  rmSync(file, { force: true })
  return stray !== undefined
}

/** 'ready' when the server with this pid accepts connections. */
export function isReady(folder: string, pid: number): boolean {
  const file = join(folder, 'data', 'postmaster.pid')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}

async function initialise(
  folder: string,
  binaries: PostgresBinaries,
  user: Unprivileged,
  durable: boolean,
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const passwordFile = join(folder, 'password')
  readOrCreateSecret(passwordFile)
  // In a temporary folder first: an interrupted start leaves nothing that looks complete.
  const unfinished = join(folder, 'data.unfinished')
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  user.give(unfinished)
  const haste = durable ? [] : ['--no-sync']
  const program = [...user.prefix, join(binaries.folder, 'initdb'), ...haste]
  await runToEnd('initdb', {
    command: program[0] ?? '',
    args: [...program.slice(1), ...initArguments(binaries, unfinished, passwordFile)],
    log: join(folder, 'initdb.log'),
  })
  renameSync(unfinished, join(folder, 'data'))
}

function initArguments(binaries: PostgresBinaries, data: string, passwordFile: string): string[] {
  const own = Number.parseInt(binaries.version, 10) >= 17
  const fromSystem = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'
  const locale = own
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
    : [`--locale=${fromSystem}`]
  const access = ['-U', superuser, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  return ['-D', data, '--encoding=UTF8', '--no-instructions', ...access, ...locale]
}

function madeBy(data: string): string | undefined {
  return readFirstLine(join(data, 'PG_VERSION'))
}

function readFirstLine(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n')[0] : undefined
}

export function superuserPassword(folder: string): string {
  return readOrCreateSecret(join(folder, 'password'))
}
