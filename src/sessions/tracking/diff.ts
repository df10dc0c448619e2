import { NotSerializable } from '../errors.ts'

/** What JSON can hold, as it comes out of JSON.parse. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = Record<string, Json>

/**
 * What a request did to a session, at one path: `put` a value there (an array whole), make sure that an `object` is there, or the name is `gone`.
 * Applied in the order of commits to the session as it is then: of two requests that change the same path the later commit wins; a parent that
 * one takes away and another puts something into is there again with that alone, or gone, by the same order; a value put where another has an
 * object takes the object's place, and the other way round.
 */
export type Change =
  | { readonly path: readonly string[]; readonly set: Json }
  | { readonly path: readonly string[]; readonly ensureObject: true }
  | { readonly path: readonly string[]; readonly remove: true }

/** Deeper than any session is; a cycle has no end. */
const MAX_DEPTH = 64

/**
 * The changes that make `next`, which may hold dates and other things with a toJSON, of `base`; names of `except` are left out at the top. Throws
 * Unstorable for what JSON cannot hold.
 */
export function diff(base: JsonObject, next: object, except?: ReadonlySet<string>): Change[] {
  const changes: Change[] = []
  compare(base, next, [], changes, except)
  return changes
}

/** `content` with the changes in it; `content` itself is changed. */
export function applyPatch(content: JsonObject, changes: readonly Change[]): JsonObject {
  for (const change of changes) {
    const parent = parentOf(content, change.path, !('remove' in change))
    const name = change.path.at(-1)
    if (parent === undefined || name === undefined) continue
    if ('remove' in change) delete parent[name]
    else if ('set' in change) define(parent, name, clone(change.set))
    else if (!isObject(ownValue(parent, name))) define(parent, name, {})
  }
  return content
}

function compare(
  base: JsonObject,
  next: object,
  path: readonly string[],
  changes: Change[],
  except?: ReadonlySet<string>,
): void {
  if (path.length > MAX_DEPTH) throw new NotSerializable(path, 'nested too deeply, or in a circle')
  for (const name of Object.keys(next)) {
    if (except?.has(name)) continue
    const value = toJsonValue((next as Record<string, unknown>)[name], name, path)
    if (value === undefined) continue
    const former = ownValue(base, name)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const there = isObject(former)
      if (!there) changes.push({ path: [...path, name], ensureObject: true })
      compare(there ? former : {}, value, [...path, name], changes)
    } else if (!isEqual(former, value, [...path, name])) changes.push({ path: [...path, name], set: copy(value) })
  }
  for (const name of Object.keys(base)) {
    if (except?.has(name)) continue
    if (!Object.hasOwn(next, name) || (next as Record<string, unknown>)[name] === undefined)
      changes.push({ path: [...path, name], remove: true })
  }
}

/** As JSON.stringify sees it; undefined for what it leaves out. */
function toJsonValue(value: unknown, name: string, path: readonly string[]): unknown {
  const json =
    typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function'
      ? (value as { toJSON(name: string): unknown }).toJSON(name)
      : value
  if (typeof json === 'function' || typeof json === 'bigint' || typeof json === 'symbol')
    throw new NotSerializable([...path, name], `a ${typeof json}`)
  return typeof json === 'number' && !Number.isFinite(json) ? null : json
}

function isEqual(former: Json | undefined, value: unknown, path: readonly string[]): boolean {
  if (path.length > MAX_DEPTH) throw new NotSerializable(path, 'nested too deeply, or in a circle')
  if (Array.isArray(value)) {
    const kept = Array.isArray(former) && former.length === value.length ? former : undefined
    // Every element is looked at, also after the first that differs: one may be what JSON cannot hold.
    return value.reduce<boolean>((all, element, index) => {
      const json = toJsonValue(element, String(index), path)
      return isEqual(kept?.[index], json === undefined ? null : json, [...path, String(index)]) && all
    }, kept !== undefined)
  }
  // A row may hold 1e999, which JSON.parse reads as Infinity, and JSON.stringify writes as null: nobody has changed that.
  if (value === null) return former === null || (typeof former === 'number' && !Number.isFinite(former))
  if (typeof value !== 'object') return former === value
  const changes: Change[] = []
  compare(isObject(former) ? former : {}, value, path, changes)
  return isObject(former) && changes.length === 0
}

function copy(value: unknown): Json {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : (value as Json)
}

/** Another of the same: whoever changes one does not change the other. Throws Unstorable where it is nested too deeply. */
export function clone<Kind extends Json>(json: Kind, depth = 0): Kind {
  if (depth > MAX_DEPTH) throw new NotSerializable([], 'nested too deeply')
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map((element) => clone(element, depth + 1)) as unknown as Kind
  const ensureObject: JsonObject = {}
  for (const [name, value] of Object.entries(json)) {
    if (name === '__proto__') define(ensureObject, name, clone(value, depth + 1))
    else ensureObject[name] = clone(value, depth + 1)
  }
  return ensureObject as Kind
}

function parentOf(content: JsonObject, path: readonly string[], create: boolean): JsonObject | undefined {
  let place = content
  for (const name of path.slice(0, -1)) {
    let next = ownValue(place, name)
    if (!isObject(next)) {
      if (!create) return undefined
      next = {}
      define(place, name, next)
    }
    place = next
  }
  return place
}

// By definition, not assignment: a name such as __proto__ is data like any other.
export function define(ensureObject: object, name: string, value: unknown): void {
  Object.defineProperty(ensureObject, name, { value, writable: true, enumerable: true, configurable: true })
}

function ownValue(ensureObject: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(ensureObject, name) ? ensureObject[name] : undefined
}

/** An object of names and values, which is merged; arrays and everything else are taken whole. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
