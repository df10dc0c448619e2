import type { Progress } from './progress.ts'

/** Somebody who can be measured for a moment. */
export interface Contestant<Figures> {
  readonly name: string
  /** For people. */
  readonly label: string
  measure(): Promise<Figures>
}

/** Figures by the contestant's name; the same place in two lists is the same round. */
export type Rounds<Figures> = ReadonlyMap<string, readonly Figures[]>

/**
 * Everybody in turn, again and again: what disturbs the machine meets all of them alike. The order changes from round to round, so
 * that nobody always comes after the same one. A first round does not count: code is compiled, caches fill.
 */
export async function playRounds<Figures>(
  contestants: readonly Contestant<Figures>[],
  rounds: number,
  progress: Progress,
): Promise<Rounds<Figures>> {
  const figures = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, label, measure } of inOrder(contestants, round)) {
      progress.next(round === 0 ? `warming up: ${label}` : `round ${round}: ${label}`)
      const measured = await measure()
      if (round > 0) figures.get(name)?.push(measured)
    }
  }
  return figures
}

function inOrder<T>(all: readonly T[], round: number): readonly T[] {
  const first = Math.floor(round / 2) % all.length
  const turned = [...all.slice(first), ...all.slice(0, first)]
  return round % 2 === 0 ? turned : turned.toReversed()
}
