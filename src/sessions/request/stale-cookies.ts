import type { Request } from 'express'
import type { CookieOptions } from 'express-session'
import { clearedCookie } from './cookie-attributes.ts'
import { cookieNames } from './session-cookie.ts'

/** A cookie that an earlier application set with a Domain or another Path. */
export interface StaleCookie {
  /** Default: the names of the session's cookie, now and before. */
  readonly name?: string | undefined
  /** Its Domain attribute. Default: none. */
  readonly domain?: string | undefined
  /** Its Path attribute. Default: `/`. */
  readonly path?: string | undefined
}

export interface CookieToClear {
  readonly name: string
  readonly attributes: CookieOptions
}

export interface OwnCookie {
  readonly name: string
  readonly previousName?: string | undefined
  readonly secure: boolean
}

const DOMAIN = /^\.?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i
/** Visible ASCII without `;` (begins an attribute) and `,` (begins an entry of the setting). */
const PATH = /^\/[\x21-\x2b\x2d-\x3a\x3c-\x7e]*$/
const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const HOST_ONLY = /^__host-/i
const SECURE_ONLY = /^__(host|secure)-/i
/** Each entry becomes one or two header lines. */
const MAX_ENTRIES = 10

/** Throws TypeError for an entry that names no cookie, or the session's own. */
export function cookiesToClear(entries: readonly StaleCookie[], own: OwnCookie): readonly CookieToClear[] {
  if (entries.length > MAX_ENTRIES) throw new TypeError(`has more than ${MAX_ENTRIES} entries`)
  return entries.flatMap((entry, index) => {
    const error = errorOf(entry, own)
    if (error !== undefined) throw new TypeError(`entry ${index + 1} ${error}`)
    const { domain, path = '/' } = entry
    return namesOf(entry, own).map((name) => {
      const secure = own.secure || SECURE_ONLY.test(name)
      return { name, attributes: { ...(domain && { domain }), path, httpOnly: true, sameSite: 'lax', secure } as const }
    })
  })
}

/**
 * Only those whose name is in the request: its Cookie header has no domains and paths. One of
 * another path, which browsers send only below it, with the session's `own` cookie.
 */
export function staleCookieHeaders(req: Request, cookies: readonly CookieToClear[], own: string): readonly string[] {
  if (cookies.length === 0) return []
  const names = cookieNames(req.headers.cookie)
  return cookies
    .filter(({ name, attributes }) => names.has(name) || (attributes.path !== '/' && names.has(own)))
    .map(({ name, attributes }) => clearedCookie(name, attributes))
}

function namesOf({ name, domain, path = '/' }: StaleCookie, own: OwnCookie): string[] {
  if (name !== undefined) return [name]
  const names = own.previousName === undefined ? [own.name] : [own.name, own.previousName]
  // Browsers refuse a __Host- cookie with a Domain or another Path.
  return names.filter((each) => !HOST_ONLY.test(each) || (domain === undefined && path === '/'))
}

function errorOf(entry: StaleCookie, own: OwnCookie): string | undefined {
  const { name, domain, path = '/' } = entry
  if (name !== undefined && !NAME.test(name)) return 'has no name that a cookie can have'
  if (domain !== undefined && (domain.length > 253 || !DOMAIN.test(domain))) return 'has no domain such as example.com'
  if (!PATH.test(path) || path.length > 1000) return 'has no path such as / or /shop'
  if (name !== undefined && HOST_ONLY.test(name) && (domain !== undefined || path !== '/'))
    return 'has a __Host- name, which browsers take without a domain and with the path / alone'
  const names = namesOf(entry, own)
  if (names.length === 0) return 'names no cookie: the session’s own has a __Host- name, so say Name='
  if (domain === undefined && path === '/' && names.includes(own.name)) return 'names the session’s own cookie'
  return undefined
}
