import process from 'node:process'
import { after } from 'node:test'

/** A test, or a whole file of tests. */
export interface CleanupScope {
  after(clear: () => void): void
}

/**
 * For all tests of a file. Call it at the top: `after` within `before` would mean the end of that
 * hook.
 */
export function wholeFile(): CleanupScope {
  const clears: (() => void)[] = []
  after(() => {
    for (const clear of clears.reverse()) clear()
  })
  return { after: (clear) => void clears.push(clear) }
}

/**
 * Runs `clear` at the end of `t` or of the process, also after a signal. `clear` is synchronous: an
 * exit awaits nothing.
 */
export function cleanUpAfter(t: CleanupScope, clear: () => void): void {
  process.once('exit', clear)
  // A process killed by a signal runs no exit handler. The runner sends a second signal, which must
  // not end the clean-up: `on`, not `once`.
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    if (process.listenerCount(name) === 0) process.on(name, () => process.exit(1))
  t.after(() => {
    process.off('exit', clear)
    clear()
  })
}
