import type { SessionData } from 'express-session'
import { NotSerializable } from '../errors.ts'
import { applyPatch, define, diff, isObject, type Json, type JsonObject } from './diff.ts'

/**
 * The names that express-session itself gives a session. Data under them stays in the row
 * unchanged, and the session object has express-session's own. Every other name is data, even
 * `update` and `toString`.
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

/** The session's data. */
export function fieldsOf(session: object): object {
  return pickFields(session, (name) => !RESERVED_NAMES.has(name))
}

export function pickFields(content: object, keep: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(content).filter(([name]) => keep(name)))
}

/** Throws NotSerializable for data under a reserved name. Replacing a method is allowed. */
export function assertNoReservedNames(session: object, base: JsonObject): void {
  for (const name of RESERVED_NAMES) {
    if (name === 'cookie' || !Object.prototype.propertyIsEnumerable.call(session, name)) continue
    const value: unknown = (session as Record<string, unknown>)[name]
    if (typeof value !== 'function' && !Object.hasOwn(base, name))
      throw new NotSerializable([name], "data under a name of express-session's own")
  }
}

/** A copy as JSON holds it, with the cookie unchanged. Throws NotSerializable. */
export function toSerializable({ cookie, ...content }: JsonObject): JsonObject {
  const stored = applyPatch({}, diff({}, content, COOKIE))
  return cookie === undefined ? stored : { ...stored, cookie }
}

/** The content that is stored for a session. Throws NotSerializable. */
export function toContent(session: SessionData): JsonObject {
  return toSerializable({ ...fieldsOf(session), cookie: cookieJson(session.cookie) })
}

/** In place, because the handler keeps a reference to the session. */
export function replaceContents(session: SessionData, content: object): void {
  const fields = session as unknown as Record<string, unknown>
  for (const name of Object.keys(fields)) if (!RESERVED_NAMES.has(name)) delete fields[name]
  for (const [name, value] of Object.entries(content)) if (!RESERVED_NAMES.has(name)) define(fields, name, value)
}

export function cookieJson(cookie: unknown): Json {
  return cookie === undefined ? {} : JSON.parse(JSON.stringify(cookie))
}

export function cookieOf({ cookie }: JsonObject): JsonObject | undefined {
  return isObject(cookie) ? cookie : undefined
}
