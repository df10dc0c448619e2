import { spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Identity, identify, isAlive } from './identity.ts'
import { keepOnExit, killOnExit, signalGroup } from './kill-on-exit.ts'
import { waitFor } from './wait-for.ts'

export interface LaunchOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** For stdout and stderr. A file, not a pipe: the child survives our death. */
  readonly log: string
  /** Sent when this process ends. Default SIGKILL. */
  readonly killSignal?: NodeJS.Signals
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** In its own process group, so that Ctrl-C in a terminal does not reach it. */
export interface Child {
  readonly identity: Identity
  readonly exited: Promise<Exit>
  running(): boolean
  /** Its output since the start. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** SIGTERM, and after `timeoutMs` (10 s) SIGKILL to its group. */
  end(options?: { readonly signal?: NodeJS.Signals; readonly timeoutMs?: number }): Promise<Exit>
}

/** The message has the program's last lines. */
export class StartError extends Error {
  /** null after a signal, or while it runs without being ready. */
  readonly exitCode: number | null
  constructor(message: string, exitCode: number | null) {
    super(message)
    this.exitCode = exitCode
  }
}

export function launch(options: LaunchOptions): Child {
  mkdirSync(dirname(options.log), { recursive: true })
  const log = openSync(options.log, 'a', 0o600)
  const from = fstatSync(log).size
  const child = spawn(options.command, options.args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.on('error', () => undefined)
  const pid = child.pid
  if (pid === undefined) throw new Error(`${options.command} cannot be started`)
  killOnExit(pid, options.killSignal ?? 'SIGKILL')

  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal }
      keepOnExit(pid)
      resolve(exit)
    })
  })
  return {
    identity: identify(pid) ?? { pid, started: 'ended' },
    exited,
    running: () => exit === undefined,
    output: () => readFileSync(options.log).subarray(from).toString(),
    signal: (name) => void (exit === undefined && process.kill(pid, name)),
    end: async ({ signal = 'SIGTERM', timeoutMs = 10_000 } = {}) => {
      if (exit === undefined) process.kill(pid, signal)
      await settledWithin(exited, timeoutMs)
      signalGroup(pid, 'SIGKILL')
      return exited
    },
  }
}

/** Throws StartError with the program's last lines where it fails. */
export async function runToEnd(name: string, options: LaunchOptions): Promise<void> {
  const child = launch(options)
  const { code, signal } = await child.exited
  if (code === 0) return
  throw new StartError(`${name} failed (${signal ?? `exit ${code}`}):\n${lastLines(child.output())}`, code)
}

/** Waits for a matching line of output. Throws with the last lines. */
export async function waitForLine(child: Child, pattern: RegExp, timeoutMs = 20_000): Promise<RegExpMatchArray> {
  return await waitFor(`a line like ${pattern}`, timeoutMs, () => {
    const match = child.output().match(pattern)
    if (match) return match
    if (!child.running()) throw new Error(`It ended before it wrote ${pattern}:\n${lastLines(child.output())}`)
    return undefined
  })
}

/** For a process that another one started. Does nothing for a reused pid. */
export async function stopProcess(identity: Identity, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  if (!isAlive(identity)) return
  process.kill(identity.pid, signal)
  const end = performance.now() + timeoutMs
  while (isAlive(identity)) {
    if (performance.now() > end && !signalGroup(identity.pid, 'SIGKILL')) process.kill(identity.pid, 'SIGKILL')
    await sleep(20)
  }
}

/** Without stack traces: the reason is above them. */
export function lastLines(text: string, count = 15): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  return lines.slice(-count).join('\n')
}

async function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  const timer = new AbortController()
  await Promise.race([promise, sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
}
