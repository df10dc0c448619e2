import { Unstorable } from '../errors.ts'

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
  | { readonly path: readonly string[]; readonly put: Json }
  | { readonly path: readonly string[]; readonly object: true }
  | { readonly path: readonly string[]; readonly gone: true }

/** Deeper than any session is; a cycle has no end. */
const DEEPEST = 64

/**
 * The changes that make `next`, which may hold dates and other things with a toJSON, of `base`; names of `except` are left out at the top. Throws
 * Unstorable for what JSON cannot hold.
 */
export function difference(base: JsonObject, next: object, except?: ReadonlySet<string>): Change[] {
  const changes: Change[] = []
  compare(base, next, [], changes, except)
  return changes
}

/** `content` with the changes in it; `content` itself is changed. */
export function apply(content: JsonObject, changes: readonly Change[]): JsonObject {
  for (const change of changes) {
    const parent = parentOf(content, change.path, !('gone' in change))
    const name = change.path.at(-1)
    if (parent === undefined || name === undefined) continue
    if ('gone' in change) delete parent[name]
    else if ('put' in change) define(parent, name, cloned(change.put))
    else if (!isObject(own(parent, name))) define(parent, name, {})
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
  if (path.length > DEEPEST) throw new Unstorable(path, 'nested too deeply, or in a circle')
  for (const name of Object.keys(next)) {
    if (except?.has(name)) continue
    const value = plain((next as Record<string, unknown>)[name], name, path)
    if (value === undefined) continue
    const former = own(base, name)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const there = isObject(former)
      if (!there) changes.push({ path: [...path, name], object: true })
      compare(there ? former : {}, value, [...path, name], changes)
    } else if (!same(former, value, [...path, name])) changes.push({ path: [...path, name], put: copy(value) })
  }
  for (const name of Object.keys(base)) {
    if (except?.has(name)) continue
    if (!Object.hasOwn(next, name) || (next as Record<string, unknown>)[name] === undefined)
      changes.push({ path: [...path, name], gone: true })
  }
}

/** As JSON.stringify sees it; undefined for what it leaves out. */
function plain(value: unknown, name: string, path: readonly string[]): unknown {
  const told =
    typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function'
      ? (value as { toJSON(name: string): unknown }).toJSON(name)
      : value
  if (typeof told === 'function' || typeof told === 'bigint' || typeof told === 'symbol')
    throw new Unstorable([...path, name], `a ${typeof told}`)
  return typeof told === 'number' && !Number.isFinite(told) ? null : told
}

function same(former: Json | undefined, value: unknown, path: readonly string[]): boolean {
  if (path.length > DEEPEST) throw new Unstorable(path, 'nested too deeply, or in a circle')
  if (Array.isArray(value)) {
    const kept = Array.isArray(former) && former.length === value.length ? former : undefined
    // Every element is looked at, also after the first that differs: one may be what JSON cannot hold.
    return value.reduce<boolean>((all, element, index) => {
      const told = plain(element, String(index), path)
      return same(kept?.[index], told === undefined ? null : told, [...path, String(index)]) && all
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
export function cloned<Kind extends Json>(json: Kind, depth = 0): Kind {
  if (depth > DEEPEST) throw new Unstorable([], 'nested too deeply')
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map((element) => cloned(element, depth + 1)) as unknown as Kind
  const object: JsonObject = {}
  for (const [name, value] of Object.entries(json)) {
    if (name === '__proto__') define(object, name, cloned(value, depth + 1))
    else object[name] = cloned(value, depth + 1)
  }
  return object as Kind
}

function parentOf(content: JsonObject, path: readonly string[], make: boolean): JsonObject | undefined {
  let place = content
  for (const name of path.slice(0, -1)) {
    let next = own(place, name)
    if (!isObject(next)) {
      if (!make) return undefined
      next = {}
      define(place, name, next)
    }
    place = next
  }
  return place
}

// By definition, not assignment: a name such as __proto__ is data like any other.
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** An object of names and values, which is merged; arrays and everything else are taken whole. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
