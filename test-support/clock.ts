/** A browser's time, which a scenario moves forward. */
export interface Clock {
  /** Milliseconds since 1970, plus every step forward. */
  now(): number
  forward(milliseconds: number): void
}

export function createClock(): Clock {
  let offsetMs = 0
  return {
    now: () => Date.now() + offsetMs,
    forward(milliseconds) {
      offsetMs += milliseconds
    },
  }
}

export const daysInMs = (count: number): number => count * 24 * 60 * 60 * 1000
