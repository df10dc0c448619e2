import process from 'node:process'
import { formatSeconds } from '../cluster/commands/progress.ts'
import { createProgressLine } from '../test-support/progress-line.ts'

/** What can be measured for a moment. */
export interface Candidate<Figures> {
  readonly name: string
  /** For people. */
  readonly label: string
  measure(): Promise<Figures>
  /** Before the first round: code is compiled, caches fill. Default: as a round. */
  warmUp?(): Promise<unknown>
}

/** Figures by the candidate's name; equal indices in two lists are the same round. */
export type Rounds<Figures> = ReadonlyMap<string, readonly Figures[]>

/**
 * Measures the candidates one after the other, again and again: a disturbance of the machine meets
 * all of them alike. The order changes from round to round, so that none always follows the same
 * one.
 */
export async function interleave<Figures>(
  candidates: readonly Candidate<Figures>[],
  rounds: number,
  progress: Progress,
): Promise<Rounds<Figures>> {
  const figures = new Map<string, Figures[]>(candidates.map(({ name }) => [name, []]))
  try {
    for (const { label, measure, warmUp = measure } of candidates) {
      progress.next(`warming up: ${label}`)
      await warmUp()
    }
    for (let round = 0; round < rounds; round++) {
      for (const { name, label, measure } of inOrder(candidates, round)) {
        progress.next(`round ${round + 1}: ${label}`)
        figures.get(name)?.push(await measure())
      }
    }
    return figures
  } finally {
    progress.done()
  }
}

function inOrder<T>(all: readonly T[], round: number): readonly T[] {
  const first = Math.floor(round / 2) % all.length
  const rotated = [...all.slice(first), ...all.slice(0, first)]
  return round % 2 === 0 ? rotated : rotated.toReversed()
}

export interface Progress {
  /** Before each step. Throws Interrupted after a shutdown signal. */
  next(description: string): void
  done(): void
}

export class Interrupted extends Error {}

const BAR_WIDTH = 24

/** A bar with the time that is left. */
export function startProgress(title: string, steps: number, shutdown: AbortSignal): Progress {
  const progressLine = createProgressLine(process.stderr)
  const begin = performance.now()
  let step = 0
  return {
    next(description) {
      if (shutdown.aborted) throw new Interrupted('Ended before it was finished')
      const elapsedMs = performance.now() - begin
      const left = step === 0 ? '' : `, ${formatSeconds((elapsedMs / step) * (steps - step))} left`
      progressLine.show(`${title}  ${bar(step++ / steps)}  ${description}${left}`)
    },
    done: () => progressLine.end(),
  }
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`
}

/** The median, and the quartiles around it. */
export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b)
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) }
}

/** Interpolates between two sorted figures; NaN where there is none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const index = (sorted.length - 1) * share
  const below = sorted[Math.floor(index)] ?? Number.NaN
  const above = sorted[Math.ceil(index)] ?? Number.NaN
  return below + (above - below) * (index - Math.floor(index))
}

/** Ratios of figures of the same rounds: noise that hits a whole round cancels out. */
export function pairedRatio(figures: readonly number[], others: readonly number[]): Spread {
  return spreadOf(figures.map((figure, round) => figure / (others[round] ?? Number.NaN)))
}

export function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0)
}
