import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NotSerializable } from '../errors.ts'
import { applyPatch, type Change, diff, type JsonObject } from './diff.ts'

const names = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'toString', '', 'ä\u0000\ud800'),
  fc.string(),
)
const { object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 1 }), tie('object')),
  object: fc.dictionary(names, tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonObject>,
}))

test('the diff of any two objects, applied to the first, gives the second', () => {
  fc.assert(
    fc.property(object, object, (base, next) => {
      same(applyPatch(copy(base), diff(base, next)), next)
    }),
    { numRuns: 1000 },
  )
})

test('the diff of equal objects is empty', () => {
  fc.assert(fc.property(object, (base) => assert.deepEqual(diff(base, copy(base)), [])))
})

test('changes on different paths commute', () => {
  const fields = ['x', 'y', 'z'] as const
  const edit = (side: string) =>
    fc.record({
      field: fc.constantFrom(...fields),
      name: fc.constantFrom(`${side}1`, `${side}2`),
      value: fc.jsonValue(),
    })
  fc.assert(
    fc.property(object, edit('left'), edit('right'), (base, one, other) => {
      const parents = Object.fromEntries(fields.map((field) => [field, {}]))
      const start = { ...copy(base), ...(Object.keys(base).length % 2 === 0 ? parents : {}) } as JsonObject
      for (const field of fields)
        if (typeof start[field] !== 'object' || start[field] === null || Array.isArray(start[field]))
          delete start[field]
      const left = diff(start, edited(start, one))
      const right = diff(start, edited(start, other))
      same(applyPatch(applyPatch(copy(start), left), right), applyPatch(applyPatch(copy(start), right), left))
    }),
    { numRuns: 1000 },
  )
})

const rules: readonly [string, JsonObject, object, object, JsonObject][] = [
  [
    'two that make the same parent both keep what they put there',
    {},
    { a: { x: 1 } },
    { a: { y: 2 } },
    { a: { x: 1, y: 2 } },
  ],
  [
    'two at any depth are both kept',
    { a: { b: {} } },
    { a: { b: { x: 1 } } },
    { a: { b: { y: 2 } } },
    { a: { b: { x: 1, y: 2 } } },
  ],
  ['of two values for one field the later stands', { a: 1 }, { a: 2 }, { a: 3 }, { a: 3 }],
  ['what is put below a parent that went is there alone', { a: { x: 1 } }, {}, { a: { x: 1, y: 2 } }, { a: { y: 2 } }],
  ['a parent that goes last takes all with it', { a: { x: 1 } }, { a: { x: 1, y: 2 } }, {}, {}],
  ['a value put last takes the place of an object', { a: { x: 1 } }, { a: { x: 2 } }, { a: 5 }, { a: 5 }],
  ['an object put last takes the place of a value', { a: 1 }, { a: 5 }, { a: { x: 1 } }, { a: { x: 1 } }],
  ['arrays are taken whole', { a: [1] }, { a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
]
for (const [promise, base, first, second, result] of rules)
  test(promise, () => same(applyPatch(applyPatch(copy(base), diff(base, first)), diff(base, second)), result))

test('what JSON changes or drops is changed and dropped in the same way', () => {
  const at = new Date(0)
  const boxed = [new Number(1), new String('a'), new Boolean(false)]
  const odd = [() => 1, Symbol('s'), undefined, new Map([[1, 2]]), new Set([1]), new Uint8Array(2), Buffer.from('a')]
  const next = {
    at,
    none: undefined,
    nan: Number.NaN,
    nil: null,
    list: [undefined, at],
    boxed,
    ...Object.fromEntries(Object.entries(odd)),
    odd,
  }
  const base = { none: 1, 0: 1, 1: 1, kept: 1 }
  same(applyPatch(copy(base), diff(base, next)), JSON.parse(JSON.stringify(next)))
  assert.deepEqual(diff({ at: at.toJSON(), nil: null }, { at, nil: null }), [])
})

const cycle: Record<string, unknown> = {}
cycle.self = { again: cycle }
const unstorable: readonly [string, object, string | undefined][] = [
  ['a BigInt', { list: [1, 2n] }, 'list.1'],
  ['a circle', cycle, undefined],
]
for (const [what, next, path] of unstorable)
  test(`${what} is refused, and the error names its path`, () => {
    assert.throws(
      () => diff({}, next),
      (error) => error instanceof NotSerializable && (path === undefined || error.path.join('.') === path),
    )
  })

test('a name of a prototype is ordinary data', () => {
  const next = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')
  const made = applyPatch({}, diff({}, next) as Change[])
  assert.equal(JSON.stringify(made), JSON.stringify(next))
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
})

function edited(base: JsonObject, { field, name, value }: { field: string; name: string; value: unknown }): JsonObject {
  const next = copy(base)
  next[field] = { ...((next[field] as JsonObject | undefined) ?? {}), [name]: value as never }
  return next
}

function copy(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value))
}

/** Ignores key order and the prototypes of fast-check's dictionaries. */
function same(one: unknown, other: unknown): void {
  assert.deepEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
}
