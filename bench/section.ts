import type { Bar } from './thresholds.ts'

/** One question that was measured, and its answer. */
export interface Section {
  readonly title: string
  /** For people. */
  readonly text: string
  readonly bars: readonly Bar[]
  /** For programs. */
  readonly data: unknown
}
