import process from 'node:process'

const groups = new Map<number, NodeJS.Signals>()
let isInstalled = false

/**
 * Sends the signal to this process group when we exit, except by SIGKILL. Call the returned
 * function when the group has ended.
 */
export function killOnExit(pid: number, signal: NodeJS.Signals): () => void {
  groups.set(pid, signal)
  if (!isInstalled) install()
  return () => void groups.delete(pid)
}

/** false where the group has no process. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

function install(): void {
  isInstalled = true
  process.once('exit', () => {
    for (const [pid, signal] of groups) signalGroup(pid, signal)
  })
  // A process that a signal ends runs no exit handler. A command with handlers of its own drains
  // first, and keeps them.
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    if (process.listenerCount(name) === 0) process.once(name, () => process.exit(code))
  }
}
