import type { TLSSocket } from 'node:tls'
import type { Request } from 'express'
import expressSession, { type Cookie, type CookieOptions } from 'express-session'
import { checkCookieSettings } from '../check-options.ts'
import type { CookieSettings, SessionsOptions } from '../options.ts'

/** The attributes of the session's cookie, as the application set them. */
export interface CookieAttributes {
  /** For one request: `auto` depends on it. */
  readonly of: (req: Request) => CookieOptions
  readonly encode: (value: string, req: Request) => string
  readonly isSecure: (req: Request) => boolean
  /** Milliseconds. Undefined where it depends on the request, or is until the browser closes. */
  readonly maxAge: number | undefined
  readonly isAlwaysSecure: boolean
}

export function cookieAttributes(
  cookie: NonNullable<SessionsOptions['cookie']>,
  name: string,
  proxy?: boolean,
): CookieAttributes {
  const isSecure = (req: Request) => cameOverHttps(req, proxy)
  const settingsOf = typeof cookie === 'function' ? checked(cookie, name) : () => cookie
  const fixed =
    typeof cookie === 'object' && ![cookie.secure, cookie.sameSite].includes('auto') && resolve(cookie, false)
  return {
    of: fixed ? () => fixed : (req) => resolve(settingsOf(req), isSecure(req)),
    encode: (value, req) => (settingsOf(req).encode ?? encodeURIComponent)(value),
    isSecure,
    maxAge: (typeof cookie === 'object' && cookie.maxAge) || undefined,
    isAlwaysSecure: typeof cookie === 'object' && cookie.secure === true,
  }
}

function checked(cookie: (req: Request) => CookieSettings, name: string): (req: Request) => CookieSettings {
  return (req) => {
    const settings = cookie(req)
    checkCookieSettings(settings, name)
    return settings
  }
}

/** SameSite=Lax is the default of most browsers. Said, it holds in all of them. */
function resolve({ encode: _, ...settings }: CookieSettings, isSecure: boolean): CookieOptions {
  const { sameSite = 'lax', secure, path = '/', httpOnly = true, ...rest } = settings
  return {
    ...rest,
    path,
    httpOnly,
    sameSite: sameSite === 'auto' ? (isSecure ? 'none' : 'lax') : sameSite,
    ...(secure !== undefined && { secure: secure === 'auto' ? isSecure : secure }),
  } as CookieOptions
}

/** As express-session decides it: `proxy` says whether X-Forwarded-Proto counts. */
function cameOverHttps(req: Request, proxy: boolean | undefined): boolean {
  // A session that the application loads by its id comes with no request.
  if ((req.socket as TLSSocket | undefined)?.encrypted) return true
  if (proxy === false) return false
  if (proxy === undefined) return req.secure === true
  const [first = ''] = String(req.headers['x-forwarded-proto'] ?? '').split(',')
  return first.trim().toLowerCase() === 'https'
}

const StockCookie = (expressSession as unknown as { Cookie: new (options: CookieOptions) => Cookie }).Cookie

/**
 * express-session's cookie. It takes any `expires`, and throws for an invalid one when the response
 * is already under way. This one throws where the application sets it.
 */
class CheckedCookie extends StockCookie {
  // The base class has accessors, which its types call properties.
  static {
    const stock = StockCookie.prototype as object
    const [expires, maxAge] = (['expires', 'maxAge'] as const).map((name) => accessorOf(stock, name))
    Object.defineProperties(CheckedCookie.prototype, {
      expires: {
        ...expires,
        set(this: object, value: unknown) {
          if (value && !(value instanceof Date && !Number.isNaN(value.getTime())))
            throw new TypeError('cookie.expires must be a valid Date, or false or null: until the browser closes')
          expires?.set?.call(this, value)
        },
      },
      maxAge: {
        ...maxAge,
        set(this: object, value: unknown) {
          if (typeof value === 'number' && !(Math.abs(value) <= MAX_AGE_MS))
            throw new RangeError(`cookie.maxAge must be at most ${MAX_AGE_MS} milliseconds, not ${value}`)
          maxAge?.set?.call(this, value)
        },
      },
    })
  }
}

/** A hundred years: what comes after the year 9999 is no date that a cookie can have. */
const MAX_AGE_MS = 36_500 * 86_400_000

function accessorOf(prototype: object, name: string): PropertyDescriptor | undefined {
  return Object.getOwnPropertyDescriptor(prototype, name)
}

export function newCookie(options: CookieOptions): Cookie {
  return new CheckedCookie(options)
}

/** With Max-Age, so that a replica's wrong clock does not shorten the cookie. */
export function serializeCookie(cookie: Cookie, name: string, encodedValue: string): string {
  const text = (cookie as Cookie & { serialize(name: string, value: string): string }).serialize(name, '')
  const { originalMaxAge } = cookie
  const maxAge = typeof originalMaxAge === 'number' ? `; Max-Age=${Math.max(0, Math.floor(originalMaxAge / 1000))}` : ''
  return `${name}=${encodedValue}${text.slice(name.length + 1)}${maxAge}`
}

/** A header that clears the cookie with these attributes. */
export function clearedCookie(name: string, attributes: CookieOptions): string {
  const { maxAge: _, ...rest } = attributes
  const cookie = newCookie({ ...rest, expires: new Date(0) })
  return (cookie as Cookie & { serialize(name: string, value: string): string }).serialize(name, '')
}
