import { fine } from './table.ts'

/** What is to be reached, and whether it was. */
export interface Threshold {
  readonly promise: string
  /** NaN: not measured. */
  readonly figure: number
  readonly reached: boolean
}

export function atLeast(least: number, promise: string, figure: number): Threshold {
  return { promise: `${promise} ≥ ${least}`, figure, reached: figure >= least }
}

export function atMost(most: number, promise: string, figure: number): Threshold {
  return { promise: `${promise} ≤ ${most}`, figure, reached: figure <= most }
}

export function formatThresholds(bars: readonly Threshold[]): string {
  const measured = bars.filter(({ figure }) => !Number.isNaN(figure))
  return measured
    .map(({ promise, figure, reached }) => `${reached ? 'reached' : 'MISSED '}  ${promise}: ${fine(figure, 3)}`)
    .join('\n')
}
