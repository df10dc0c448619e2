import type { Threshold } from './thresholds.ts'

/** One question that was measured, and its answer. */
export interface Section {
  readonly title: string
  /** For people. */
  readonly text: string
  readonly bars: readonly Threshold[]
  /** For programs. */
  readonly data: unknown
}
