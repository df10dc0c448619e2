import { isDeepStrictEqual } from 'node:util'
import { put, valueAt } from '../content.ts'
import {
  checkResult,
  type Group,
  NOTHING_TO_CHECK,
  type Operation,
  type Path,
  type Row,
  type Workload,
} from './workload.ts'

/** Where the writers of a group write, up to three deep. */
const SHAPES: readonly ((writer: number) => Path)[] = [
  (writer) => [`field-${writer}`],
  (writer) => ['basket', `product-${writer}`],
  (writer) => ['shop', 'basket', `product-${writer}`],
  (writer) => [['shop', 'note'], ['shop', 'basket', 'product-1'], ['flag']][writer] ?? ['more'],
]
const VALUES: readonly unknown[] = [1, 'a text', null, { left: { right: true } }, [1, 2, 3], '', false]

/** Two or three replicas change different fields of one session at once. */
export const write: Workload = {
  name: 'writes',
  unit: 'groups',
  fault: 'lost',
  ends: false,
  perRound: 32,
  group(number, workers, random) {
    const shape = SHAPES[number % SHAPES.length] ?? SHAPES[0]!
    const writers = Math.min(workers, 2 + Math.floor(random() * 2))
    const content: Record<string, unknown> = { group: number }
    // Half of the parents are missing at first.
    const parented = random() < 0.5
    if (parented) for (const sibling of siblingsOf(shape, writers)) put(content, sibling, 'as it was')
    const removes = random() < 0.2
    if (removes) put(content, shape(writers - 1), 'to be removed')
    const first = Math.floor(random() * workers)
    const acts = Array.from({ length: writers }, (_, writer): Operation => {
      const at = { id: `${number}-${writer}`, worker: (first + writer) % workers, sid: `written-${number}` }
      const path = shape(writer)
      if (removes && writer === writers - 1) return { ...at, verb: 'remove', path }
      return { ...at, verb: 'put', path, value: VALUES[Math.floor(random() * VALUES.length)] }
    })
    return { number, kind: `${writers} writers`, sessions: [{ sid: `written-${number}`, content }], operations: acts }
  },
  check(group, outcomes, rows) {
    const done = group.operations.filter(({ id }) => outcomes.get(id)?.state === 'done')
    if (done.length === 0) return NOTHING_TO_CHECK
    const [row] = rows
    if (row === undefined) return checkResult('the session is gone')
    return checkResult(done.map((act) => lostOf(act, row)).find((lost) => lost !== undefined) ?? changedOf(group, row))
  },
}

/** Fields that nobody touches, beside those that are written. */
function siblingsOf(shape: (writer: number) => Path, writers: number): Path[] {
  const paths = Array.from({ length: writers }, (_, writer) => shape(writer))
  return paths.map((path) => [...path.slice(0, -1), 'untouched'])
}

/** What an acknowledged write has left that it should not, in words. */
export function lostOf(act: Operation, { content }: Row): string | undefined {
  if (act.verb === 'put' && !isDeepStrictEqual(valueAt(content, act.path), act.value))
    return `${act.path.join('.')} = ${JSON.stringify(act.value)} is not in ${JSON.stringify(content)}`
  if (act.verb === 'remove' && valueAt(content, act.path) !== undefined)
    return `${act.path.join('.')} was removed, and is in ${JSON.stringify(content)}`
  return undefined
}

function changedOf({ sessions, operations: acts }: Group, { content }: Row): string | undefined {
  const before = sessions[0]?.content ?? {}
  const written = acts.map((act) => ('path' in act ? act.path.join('.') : ''))
  const changed = leavesOf(before).filter(
    (path) => !written.includes(path.join('.')) && !isDeepStrictEqual(valueAt(content, path), valueAt(before, path)),
  )
  return changed[0] && `${changed[0].join('.')}, which nobody wrote, is not in ${JSON.stringify(content)}`
}

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
}
