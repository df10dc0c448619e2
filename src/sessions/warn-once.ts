const seen = new Set<string>()
/** A hostile client must not fill the memory with texts of its own. */
const MAX_SEEN = 1000

/** A warning of the process (`process.on('warning')`, by default on stderr), once for each text. */
export function warnOnce(message: string): void {
  if (seen.has(message) || seen.size >= MAX_SEEN) return
  seen.add(message)
  process.emitWarning(message, 'SessionWarning')
}
