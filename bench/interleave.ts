import type { Progress } from './progress.ts'

/** Somebody who can be measured for a moment. */
export interface Sampled<Figures> {
  readonly name: string
  /** For people. */
  readonly label: string
  measure(): Promise<Figures>
  /** Before the first round that counts: code is compiled, caches fill. Default: as a round. */
  warmUp?(): Promise<unknown>
}

/** Figures by the contestant's name; the same place in two lists is the same round. */
export type Rounds<Figures> = ReadonlyMap<string, readonly Figures[]>

/**
 * Everybody in turn, again and again: what disturbs the machine meets all of them alike. The order changes from round to round, so
 * that nobody always comes after the same one.
 */
export async function interleave<Figures>(
  contestants: readonly Sampled<Figures>[],
  rounds: number,
  progress: Progress,
): Promise<Rounds<Figures>> {
  const figures = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]))
  for (const { label, measure, warmUp = measure } of contestants) {
    progress.next(`warming up: ${label}`)
    await warmUp()
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, label, measure } of inOrder(contestants, round)) {
      progress.next(`round ${round + 1}: ${label}`)
      figures.get(name)?.push(await measure())
    }
  }
  return figures
}

function inOrder<T>(all: readonly T[], round: number): readonly T[] {
  const first = Math.floor(round / 2) % all.length
  const turned = [...all.slice(first), ...all.slice(0, first)]
  return round % 2 === 0 ? turned : turned.toReversed()
}
