import process from 'node:process'

/** npm passes Ctrl-C on while the terminal sends it too: what comes so soon is the same wish. */
const REPEAT_MS = 1_000

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP; another one, a second or more later, ends the process at once, and with it
 * everything it has started.
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
    // A terminal that was closed takes no more output; draining goes on all the same.
    process.stdout.on('error', () => undefined)
    process.stderr.on('error', () => undefined)
  })
}
