import { spawn } from 'node:child_process'
import process from 'node:process'
import { repository } from '../replica-environment.ts'
import { guard, release, signalGroup } from './kill-on-exit.ts'

const patience = 10_000

/**
 * Runs a program whose output is shown as it comes; answers with its exit code. It has a process group of its own: when `asked`
 * aborts, all of it is asked to end, and made to when it does not.
 */
export async function runInForeground(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  asked: AbortSignal,
): Promise<number> {
  if (asked.aborted) return 130
  const [program = '', ...args] = command
  const options = { cwd: repository, env: { ...process.env, ...env }, detached: true } as const
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] })
  const pid = child.pid
  if (pid === undefined) return 127
  guard(pid, 'SIGTERM')
  const end = () => {
    signalGroup(pid, 'SIGTERM')
    setTimeout(() => signalGroup(pid, 'SIGKILL'), patience).unref()
  }
  asked.addEventListener('abort', end, { once: true })
  const code = await new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? 1)))
  asked.removeEventListener('abort', end)
  release(pid)
  return code
}
