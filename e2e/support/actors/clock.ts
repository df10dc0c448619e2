/** A person's idea of the time, which a scenario moves on. */
export interface Clock {
  /** Milliseconds since 1970, moved on by all that has passed. */
  now(): number
  forward(milliseconds: number): void
}

export function createClock(): Clock {
  let passed = 0
  return {
    now: () => Date.now() + passed,
    forward: (milliseconds) => {
      passed += milliseconds
    },
  }
}

export const daysInMs = (count: number): number => count * 24 * 60 * 60 * 1000
