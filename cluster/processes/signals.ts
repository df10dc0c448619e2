import process from 'node:process'

/** npm forwards Ctrl-C, and the terminal sends it, too: within this time it is the same one. */
const REPEAT_MS = 1_000

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP. A later one ends the process at once, with all
 * its children.
 */
export function onShutdownSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined
    const asked = () => {
      if (first !== undefined && performance.now() - first >= REPEAT_MS) process.exit(130)
      first ??= performance.now()
      resolve()
    }
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, asked)
    // A closed terminal must not stop the drain.
    process.stdout.on('error', () => undefined)
    process.stderr.on('error', () => undefined)
  })
}
