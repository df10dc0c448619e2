import type { SessionData } from 'express-session'
import { NotSerializable } from '../errors.ts'
import { applyPatch, define, diff, isObject, type Json, type JsonObject } from '../tracking/diff.ts'

/**
 * What express-session itself gives a session. A row may hold fields of these names: they stay in the row as they are,
 * and the session object has express-session's own. Every other name is data, `update` and `toString` included.
 */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'cookie',
  'id',
  'req',
  'save',
  'reload',
  'destroy',
  'regenerate',
  'touch',
  'resetMaxAge',
])
const COOKIE: ReadonlySet<string> = new Set(['cookie'])

/** The session's data, without what express-session gives it. */
export function fieldsOf(session: object): object {
  return pickFields(session, (name) => !RESERVED_NAMES.has(name))
}

export function pickFields(content: object, keep: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(content).filter(([name]) => keep(name)))
}

/** Throws Unstorable where the application assigned data to one of the reserved names; a method of its own is no data. */
export function assertNoReservedNames(session: object, base: JsonObject): void {
  for (const name of RESERVED_NAMES) {
    if (name === 'cookie' || !Object.prototype.propertyIsEnumerable.call(session, name)) continue
    const value: unknown = (session as Record<string, unknown>)[name]
    if (typeof value !== 'function' && !Object.hasOwn(base, name))
      throw new NotSerializable([name], "data under a name of express-session's own")
  }
}

/** As JSON holds it, with the cookie as it is; throws Unstorable. */
export function toSerializable({ cookie, ...content }: JsonObject): JsonObject {
  const stored = applyPatch({}, diff({}, content, COOKIE))
  return cookie === undefined ? stored : { ...stored, cookie }
}

/** What is written of a session; throws Unstorable. */
export function toContent(session: SessionData): JsonObject {
  return toSerializable({ ...fieldsOf(session), cookie: cookieJson(session.cookie) })
}

/** In place: whoever holds the session holds what is in it now. */
export function replaceContents(session: SessionData, content: object): void {
  const held = session as unknown as Record<string, unknown>
  for (const name of Object.keys(held)) if (!RESERVED_NAMES.has(name)) delete held[name]
  for (const [name, value] of Object.entries(content)) if (!RESERVED_NAMES.has(name)) define(held, name, value)
}

/** What is written of a cookie. */
export function cookieJson(cookie: unknown): Json {
  return cookie === undefined ? {} : JSON.parse(JSON.stringify(cookie))
}

/** The cookie that is in the row, moved to this expiry. */
export function withExpires(cookie: JsonObject, expires: Date): JsonObject {
  return { ...cookie, expires: expires.toISOString() }
}

/** The cookie of a row's content, where it is one. */
export function cookieOf({ cookie }: JsonObject): JsonObject | undefined {
  return isObject(cookie) ? cookie : undefined
}
