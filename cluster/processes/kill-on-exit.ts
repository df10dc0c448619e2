import process from 'node:process'

const living = new Map<number, NodeJS.Signals>()
let isInstalled = false

/** Sends this signal to the process group when this process ends, except after SIGKILL. */
export function killOnExit(pid: number, signal: NodeJS.Signals): void {
  living.set(pid, signal)
  if (isInstalled) return
  isInstalled = true
  process.once('exit', killAll)
  // A process killed by a signal runs no exit handler. A command with its own handlers drains
  // first, and keeps them.
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    if (process.listenerCount(name) === 0) process.once(name, () => process.exit(code))
  }
}

export function keepOnExit(pid: number): void {
  living.delete(pid)
}

/** false where the group has no process. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

function killAll(): void {
  for (const [pid, signal] of living) signalGroup(pid, signal)
}
