import { NotSerializable, pathText } from '../errors.ts'
import { warnOnce } from '../warn-once.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = Record<string, Json>

/**
 * One change of a patch: set a value (an array as a whole), ensure that an object exists, or remove
 * a name. Patches apply in the order of commits, so for the same path the later commit wins. If one
 * request removes a parent and a later one sets a child, the parent exists again with that child
 * alone.
 */
export type Change =
  | { readonly path: readonly string[]; readonly set: Json }
  | { readonly path: readonly string[]; readonly ensureObject: true }
  | { readonly path: readonly string[]; readonly remove: true }

/** Also ends the recursion of a cycle. */
const MAX_DEPTH = 64
const TOO_DEEP = `more than ${MAX_DEPTH} levels, or a circle`

/** Skips the top-level names of `except`. Throws NotSerializable. */
export function diff(base: JsonObject, next: object, except?: ReadonlySet<string>): Change[] {
  const changes: Change[] = []
  compare(base, next, [], changes, except)
  return changes
}

/** Changes `content` in place, and returns it. */
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
  if (path.length > MAX_DEPTH) throw new NotSerializable(path, TOO_DEEP)
  for (const name of Object.keys(next)) {
    if (except?.has(name)) continue
    const value = toJsonValue((next as Record<string, unknown>)[name], name, path)
    if (value === undefined) continue
    const before = ownValue(base, name)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      if (!isObject(before)) changes.push({ path: [...path, name], ensureObject: true })
      compare(isObject(before) ? before : {}, value, [...path, name], changes)
    } else if (!isEqual(before, value, [...path, name])) changes.push({ path: [...path, name], set: copy(value) })
  }
  for (const name of Object.keys(base)) {
    if (except?.has(name)) continue
    if (!Object.hasOwn(next, name) || toJsonValue((next as Record<string, unknown>)[name], name, path) === undefined)
      changes.push({ path: [...path, name], remove: true })
  }
}

/** As JSON.stringify sees the value; undefined where it leaves the name out. */
function toJsonValue(value: unknown, name: string, path: readonly string[]): unknown {
  const json = hasToJson(value) ? value.toJSON(name) : value
  switch (typeof json) {
    case 'number':
      return Number.isFinite(json) ? json : null
    case 'bigint':
      throw new NotSerializable([...path, name], 'a bigint')
    case 'function':
    case 'symbol':
      warnOnce(`a session drops a ${typeof json}, as JSON does, at ${pathText([...path, name])}`)
      return undefined
    case 'object':
      return json instanceof Number || json instanceof String || json instanceof Boolean ? json.valueOf() : json
    default:
      return json
  }
}

/** An application may add the method to BigInt's prototype, too. */
function hasToJson(value: unknown): value is { toJSON(name: string): unknown } {
  const mayHave = (typeof value === 'object' && value !== null) || typeof value === 'bigint'
  return mayHave && typeof (value as { toJSON?: unknown }).toJSON === 'function'
}

function isEqual(before: Json | undefined, value: unknown, path: readonly string[]): boolean {
  if (path.length > MAX_DEPTH) throw new NotSerializable(path, TOO_DEEP)
  if (Array.isArray(value)) {
    const kept = Array.isArray(before) && before.length === value.length ? before : undefined
    // No early return: each element must be checked for values that JSON cannot hold.
    return value.reduce<boolean>((all, element, index) => {
      const json = toJsonValue(element, String(index), path)
      return isEqual(kept?.[index], json === undefined ? null : json, [...path, String(index)]) && all
    }, kept !== undefined)
  }
  // JSON.parse reads 1e999 as Infinity, and JSON.stringify writes null: that is no change.
  if (value === null) return before === null || (typeof before === 'number' && !Number.isFinite(before))
  if (typeof value !== 'object') return before === value
  const changes: Change[] = []
  compare(isObject(before) ? before : {}, value, path, changes)
  return isObject(before) && changes.length === 0
}

function copy(value: unknown): Json {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : (value as Json)
}

/** A deep copy. Throws NotSerializable where the nesting is too deep. */
export function clone<Kind extends Json>(json: Kind, depth = 0): Kind {
  if (depth > MAX_DEPTH) throw new NotSerializable([], TOO_DEEP)
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

/** Assignment would treat a name such as __proto__ as special. */
export function define(ensureObject: object, name: string, value: unknown): void {
  Object.defineProperty(ensureObject, name, { value, writable: true, enumerable: true, configurable: true })
}

function ownValue(ensureObject: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(ensureObject, name) ? ensureObject[name] : undefined
}

/** A plain object, which is merged. An array is a value. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
