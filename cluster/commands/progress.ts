export type OnProgress = (line: string) => void

/** Prints the step's outcome and time. */
export async function step<T>(
  onProgress: OnProgress,
  work: () => T | Promise<T>,
  describe: (outcome: T) => string,
): Promise<T> {
  const begin = performance.now()
  const outcome = await work()
  onProgress(`  ${describe(outcome).padEnd(64)} ${formatSeconds(performance.now() - begin)}`)
  return outcome
}

/** '0.25 s', '12.3 s', '3 min 20 s', '5 h 12 min' */
export function formatSeconds(milliseconds: number): string {
  const s = milliseconds / 1000
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  if (s >= 100) return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`
  return `${s.toFixed(s < 10 ? 2 : 1)} s`
}
