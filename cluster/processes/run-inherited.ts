import { spawn } from 'node:child_process'
import process from 'node:process'
import { repository } from '../replica-environment.ts'
import { keepOnExit, killOnExit, signalGroup } from './kill-on-exit.ts'

const KILL_AFTER_MS = 10_000

/**
 * Runs a program with our stdout, in its own process group. Returns its exit code. When `signal`
 * aborts, the group gets SIGTERM, later SIGKILL.
 */
export async function runInherited(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  if (signal.aborted) return 130
  const [program = '', ...args] = command
  const options = { cwd: repository, env: { ...process.env, ...env }, detached: true } as const
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] })
  const pid = child.pid
  if (pid === undefined) return 127
  killOnExit(pid, 'SIGTERM')
  const end = () => {
    signalGroup(pid, 'SIGTERM')
    setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS).unref()
  }
  signal.addEventListener('abort', end, { once: true })
  const code = await new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? 1)))
  signal.removeEventListener('abort', end)
  keepOnExit(pid)
  return code
}
