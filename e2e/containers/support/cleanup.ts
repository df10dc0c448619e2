import process from 'node:process'
import { after } from 'node:test'

/** Who knows when something is over: a test, or a whole file of them. */
export interface CleanupScope {
  after(clear: () => void): void
}

/** Of a file's tests together. Called at its top: `after` within `before` would mean the end of that hook. */
export function wholeFile(): CleanupScope {
  const clears: (() => void)[] = []
  after(() => {
    for (const clear of clears.reverse()) clear()
  })
  return { after: (clear) => void clears.push(clear) }
}

/** Clears when `t` ends, or the process does, by itself or by a signal. `clear` does all at once: nothing is awaited at an exit. */
export function cleanUpAfter(t: CleanupScope, clear: () => void): void {
  process.once('exit', clear)
  // A test that a signal ends runs no exit handler. The runner sends a second one, which must not end the clearing: `on`, not `once`.
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    if (process.listenerCount(name) === 0) process.on(name, () => process.exit(1))
  t.after(() => {
    process.off('exit', clear)
    clear()
  })
}
