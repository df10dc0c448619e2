import assert from 'node:assert/strict'
import type { Cluster } from '../../../cluster/cluster.ts'
import { expect, type Response } from '../actors/response.ts'
import type { Visitor } from '../actors/visitor.ts'

/** Asks for a page this many times, one after another, and returns the answers. */
export async function ask(visitor: Visitor, path: string, times: number): Promise<readonly Response[]> {
  const answers: Response[] = []
  while (answers.length < times) answers.push(expect(await visitor.get(path, { json: true }), 200))
  return answers
}

/** Where replicas share one address: so many asks for each are enough to meet them all, but by the worst of luck. */
const TRIES = 30

/** Does this at every replica, at its own address, or where all share one there until each has answered; names those who did. */
export async function everywhere(
  { url, replicas }: Cluster,
  visitor: Visitor,
  does: (visitor: Visitor) => Promise<Response>,
): Promise<string> {
  const answers: Response[] = []
  const met = () => new Set(answers.map(({ replica }) => replica)).size
  if (replicas.some((replica) => replica.url !== url)) {
    for (const replica of replicas) answers.push(await does(visitor.at(replica.url)))
  } else {
    const there = visitor.at(url)
    while (met() < replicas.length && answers.length < replicas.length * TRIES) answers.push(await does(there))
  }
  return expectAll(answers, replicas)
}

/** How many of the answers each replica gave, by name. */
export function spreadOf(answers: readonly Response[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { replica = 'nobody' } of answers) counts[replica] = (counts[replica] ?? 0) + 1
  return counts
}

/** Fails unless every replica of the cluster is among those who answered, and names those who did. */
export function expectAll(answers: readonly Response[], replicas: readonly { readonly name: string }[]): string {
  const seen = [...new Set(answers.map(({ replica = 'nobody' }) => replica))].sort()
  const all = replicas.map(({ name }) => name).sort()
  assert.deepEqual(
    seen,
    all,
    `every replica should have answered; seen: ${seen.join(', ')}; there are: ${all.join(', ')}`,
  )
  return `answered by ${seen.join(', ')}`
}
