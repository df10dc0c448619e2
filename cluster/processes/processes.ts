import { execFile, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { repository } from '../replica-environment.ts'
import { type Identity, identify, isAlive } from './identity.ts'
import { killOnExit, signalGroup } from './kill-on-exit.ts'
import { settlesWithin, waitFor } from './wait-for.ts'

// All processes of clusters and tests start here. By hand, since execa would save no code: its
// `cleanup` leaves a detached child alive, its `forceKillAfterDelay` does not reach grandchildren,
// and its files are pipes through this process, so a child could not write once we were killed.

export interface LaunchOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Path of the file that stdout and stderr are appended to. */
  readonly log: string
  /** Path of the file for stderr, in place of `log`; `output()` reads it then. */
  readonly errorLog?: string
  /** Sent to the group when this process exits first. Default SIGKILL. */
  readonly killSignal?: NodeJS.Signals
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A child in its own process group: Ctrl-C in a terminal does not reach it. */
export interface Child {
  readonly identity: Identity
  readonly exited: Promise<Exit>
  running(): boolean
  /** What it has written since its start. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** Sends the signal (SIGTERM); after `timeoutMs` (10 s) or its exit, kills its whole group. */
  end(options?: { readonly signal?: NodeJS.Signals; readonly timeoutMs?: number }): Promise<Exit>
}

/** A program failed or did not become ready; the message holds its last lines. */
export class StartError extends Error {
  /** Null where a signal ended it, or where it still runs without being ready. */
  readonly exitCode: number | null
  constructor(message: string, exitCode: number | null) {
    super(message)
    this.exitCode = exitCode
  }
}

export function launch(options: LaunchOptions): Child {
  const { command, args, cwd, env, log, errorLog = log, killSignal = 'SIGKILL' } = options
  const [out, err] = [openLog(log), openLog(errorLog)]
  const from = fstatSync(err).size
  const place = { ...(cwd !== undefined && { cwd }), ...(env !== undefined && { env }) }
  try {
    const { pid, exited, running } = spawnGroup(command, args, { ...place, stdio: ['ignore', out, err] }, killSignal)
    return {
      identity: identify(pid) ?? { pid, started: 'ended' },
      exited,
      running,
      output: () => readFileSync(errorLog).subarray(from).toString(),
      signal: (name) => void (running() && process.kill(pid, name)),
      async end({ signal = 'SIGTERM', timeoutMs = 10_000 } = {}) {
        if (running()) process.kill(pid, signal)
        await settlesWithin(exited, timeoutMs)
        signalGroup(pid, 'SIGKILL')
        return exited
      },
    }
  } finally {
    closeSync(out)
    closeSync(err)
  }
}

/** Runs a program to its end. Throws StartError where it fails. */
export async function runToEnd(name: string, options: LaunchOptions): Promise<void> {
  const child = launch(options)
  const { code, signal } = await child.exited
  if (code === 0) return
  throw new StartError(`${name} failed (${signal ?? `exit ${code}`}):\n${lastLines(child.output())}`, code)
}

const GROUP_KILL_AFTER_MS = 10_000

/**
 * Runs a program with our stdout and stderr, from the root of the repository; returns its exit
 * code. When `signal` aborts, its group gets SIGTERM, and SIGKILL 10 s later.
 */
export async function runInherited(
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<number> {
  if (signal?.aborted) return 130
  const place = { cwd: repository, env: { ...process.env, ...env } }
  const { pid, exited } = spawnGroup(command, args, { ...place, stdio: ['ignore', 'inherit', 'inherit'] }, 'SIGTERM')
  const end = () => {
    signalGroup(pid, 'SIGTERM')
    setTimeout(() => signalGroup(pid, 'SIGKILL'), GROUP_KILL_AFTER_MS).unref()
  }
  signal?.addEventListener('abort', end, { once: true })
  const { code } = await exited
  signal?.removeEventListener('abort', end)
  return code ?? 1
}

export interface CaptureOptions {
  readonly env: NodeJS.ProcessEnv
  /** Default 180 000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Runs a short program from the root of the repository; returns its output. Throws its last lines.
 */
export async function capture(
  command: string,
  args: readonly string[],
  { env, timeoutMs = 180_000 }: CaptureOptions,
): Promise<{ stdout: string; stderr: string }> {
  const options = { cwd: repository, env, timeout: timeoutMs, maxBuffer: 500_000_000 }
  return await promisify(execFile)(command, [...args], options).catch((error: Error & { stderr?: string }) => {
    const lines = lastLines(error.stderr ?? '', 8) || error.message
    throw new Error(`${command} ${args.join(' ').slice(0, 200)} failed: ${lines}`, { cause: error })
  })
}

/** Waits for a line that matches. Throws with the last lines when the child ends first. */
export async function waitForLine(child: Child, pattern: RegExp, timeoutMs = 20_000): Promise<RegExpMatchArray> {
  return await waitFor(`a line like ${pattern}`, timeoutMs, () => {
    const match = child.output().match(pattern)
    if (match) return match
    if (!child.running()) throw new Error(`It ended before it wrote ${pattern}:\n${lastLines(child.output())}`)
    return undefined
  })
}

/** Ends a process that another one started: signal, wait, SIGKILL. Leaves a reused pid alone. */
export async function stopProcess(identity: Identity, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  if (!isAlive(identity)) return
  process.kill(identity.pid, signal)
  const end = performance.now() + timeoutMs
  while (isAlive(identity)) {
    if (performance.now() > end && !signalGroup(identity.pid, 'SIGKILL')) process.kill(identity.pid, 'SIGKILL')
    await sleep(20)
  }
}

/** The last lines, without stack traces: the error itself stands above them. */
export function lastLines(text: string, count = 15): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  return lines.slice(-count).join('\n')
}

function spawnGroup(command: string, args: readonly string[], options: SpawnOptions, killSignal: NodeJS.Signals) {
  const child = spawn(command, args, { ...options, detached: true })
  child.on('error', () => undefined)
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} cannot be started`)
  const forget = killOnExit(pid, killSignal)
  let isRunning = true
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      isRunning = false
      forget()
      resolve({ code, signal })
    })
  })
  return { pid, exited, running: () => isRunning }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, 'a', 0o600)
}
