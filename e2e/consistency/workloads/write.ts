import { isDeepStrictEqual } from 'node:util'
import {
  checkResult,
  type Group,
  NOTHING_TO_CHECK,
  type Operation,
  type Path,
  type Row,
  setAt,
  valueAt,
  type Workload,
} from '../operation.ts'

/** The path of each writer of a group, up to three deep. */
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
  violation: 'lost',
  endsSessions: false,
  groupsPerRound: 32,
  createGroup(number, workers, random) {
    const pathOf = SHAPES[number % SHAPES.length]!
    const writers = Math.min(workers, 2 + Math.floor(random() * 2))
    const paths = Array.from({ length: writers }, (_, writer) => pathOf(writer))
    const content: Record<string, unknown> = { group: number }
    // Half of the parents are missing at first. The others have a field that no operation writes.
    if (random() < 0.5) for (const path of paths) setAt(content, [...path.slice(0, -1), 'untouched'], 'as it was')
    const lastRemoves = random() < 0.2
    if (lastRemoves) setAt(content, pathOf(writers - 1), 'to be removed')
    const first = Math.floor(random() * workers)
    const sid = `written-${number}`
    const operations = paths.map((path, writer): Operation => {
      const common = { id: `${number}-${writer}`, worker: (first + writer) % workers, sid, path }
      if (lastRemoves && writer === writers - 1) return { ...common, kind: 'remove' }
      return { ...common, kind: 'set', value: VALUES[Math.floor(random() * VALUES.length)] }
    })
    return { number, kind: `${writers} writers`, sessions: [{ sid, content }], operations }
  },
  check(group, outcomes, rows) {
    const done = group.operations.filter(({ id }) => outcomes.get(id)?.state === 'done')
    if (done.length === 0) return NOTHING_TO_CHECK
    const [row] = rows
    if (row === undefined) return checkResult('the session is gone')
    const lost = done.map((operation) => lostWrite(operation, row)).find((found) => found !== undefined)
    return checkResult(lost ?? changedField(group, row))
  },
}

/**
 * Describes the difference between an acknowledged write and the row; undefined if there is none.
 */
export function lostWrite(operation: Operation, { content }: Row): string | undefined {
  if (operation.kind === 'set' && !isDeepStrictEqual(valueAt(content, operation.path), operation.value))
    return `${operation.path.join('.')} = ${JSON.stringify(operation.value)} is not in ${JSON.stringify(content)}`
  if (operation.kind === 'remove' && valueAt(content, operation.path) !== undefined)
    return `${operation.path.join('.')} was removed, and is in ${JSON.stringify(content)}`
  return undefined
}

/** A field that no operation writes, and that differs all the same. */
function changedField({ sessions, operations }: Group, { content }: Row): string | undefined {
  const before = sessions[0]?.content ?? {}
  const written = operations.map((operation) => ('path' in operation ? operation.path.join('.') : ''))
  const changed = leavesOf(before).find(
    (path) => !written.includes(path.join('.')) && !isDeepStrictEqual(valueAt(content, path), valueAt(before, path)),
  )
  return changed && `${changed.join('.')}, which no operation wrote, is not in ${JSON.stringify(content)}`
}

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
}
