import assert from 'node:assert/strict'
import type { Cluster } from '../../../cluster/cluster.ts'
import { expect, type Response } from '../actors/response.ts'
import type { Visitor } from '../actors/visitor.ts'

/** Requests a page this many times, one after another. */
export async function getRepeatedly(visitor: Visitor, path: string, times: number): Promise<readonly Response[]> {
  const responses: Response[] = []
  while (responses.length < times) responses.push(expect(await visitor.get(path, { json: true }), 200))
  return responses
}

/** Requests for each replica behind a shared address: practically always enough to meet all. */
const TRIES = 30

/**
 * Does this at the own address of every replica, or at the address that all share until each has
 * answered. Returns a sentence that names them.
 */
export async function everywhere(
  { url, replicas }: Cluster,
  visitor: Visitor,
  action: (visitor: Visitor) => Promise<Response>,
): Promise<string> {
  const responses: Response[] = []
  const seen = () => new Set(responses.map(({ replica }) => replica)).size
  if (replicas.some((replica) => replica.url !== url)) {
    for (const replica of replicas) responses.push(await action(visitor.at(replica.url)))
  } else {
    const there = visitor.at(url)
    while (seen() < replicas.length && responses.length < replicas.length * TRIES) responses.push(await action(there))
  }
  return expectAll(responses, replicas)
}

/** How many of the responses each replica gave, by name. */
export function spreadOf(responses: readonly Response[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { replica = 'no replica' } of responses) counts[replica] = (counts[replica] ?? 0) + 1
  return counts
}

/** Fails unless exactly these replicas gave the responses; a sentence that names them. */
export function expectAll(responses: readonly Response[], replicas: Cluster['replicas']): string {
  const seen = Object.keys(spreadOf(responses)).sort()
  const all = replicas.map(({ name }) => name).sort()
  const message = `every replica should have answered; seen: ${seen.join(', ')}; there are: ${all.join(', ')}`
  assert.deepEqual(seen, all, message)
  return `answered by ${seen.join(', ')}`
}
