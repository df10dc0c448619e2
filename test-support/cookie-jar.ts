import { Cookie, CookieJar as Rfc6265Jar } from 'tough-cookie'
import { type Clock, createClock } from './clock.ts'

export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  /** In lower case. */
  readonly sameSite: string | undefined
  /** Milliseconds on the jar's clock; undefined: until the browser is closed. */
  readonly expires: number | undefined
}

/**
 * A browser's cookies of one site; iterates over names and values. Cookies know no ports, so nginx
 * and all replicas share them. Replicas in containers have other hosts: the host does not count.
 */
export interface CookieJar extends Iterable<[name: string, value: string]> {
  readonly clock: Clock
  readonly size: number
  /** Stores Set-Cookie lines as a browser does: expired ones delete, forbidden ones are dropped. */
  take(lines: readonly string[], address: URL): void
  /** The Cookie header for this address; undefined: no cookie matches. */
  header(address: URL): string | undefined
  /** A cookie by its name, without the prefix `__Host-` that it has on an HTTPS site. */
  find(name: string): StoredCookie | undefined
  /** Its value. */
  get(name: string): string | undefined
  has(name: string): boolean
  all(): readonly StoredCookie[]
  keys(): readonly string[]
  values(): readonly string[]
  /** Every value that the jar ever received. */
  history(): readonly string[]
  /** Plants a forged or copied cookie; on an HTTPS site `sid` gets its prefix. */
  set(name: string, value: string): void
  delete(name: string): void
  clear(): void
}

const HOST = 'site.example'

/** `secure`: a jar for an HTTPS site. */
export function createCookieJar(clock: Clock = createClock(), { secure = false } = {}): CookieJar {
  // Behind a gateway that ends TLS, a replica that is asked directly sets Secure cookies as well.
  const store = new Rfc6265Jar(undefined, { prefixSecurity: 'strict', enforceSecureOriginOnStorage: false })
  const received = new Set<string>()
  const keep = (cookie: Cookie, address: string) => {
    received.add(cookie.value)
    store.setCookieSync(cookie, address, { ignoreError: true })
  }
  /** tough-cookie's own expiry goes by the machine's clock. */
  const alive = (address: string, allPaths = false) =>
    store
      .getCookiesSync(address, { expire: false, allPaths, sort: true })
      .filter((cookie) => cookie.TTL(clock.now()) > 0)
  const all = () => alive(`https://${HOST}/`, true).map(stored)
  const find = (name: string) => all().find((cookie) => cookie.name === name || cookie.name === `__Host-${name}`)
  return {
    clock,
    get size() {
      return all().length
    },
    [Symbol.iterator]: () =>
      all()
        .map(({ name, value }): [string, string] => [name, value])
        [Symbol.iterator](),
    take(lines, address) {
      for (const line of lines) {
        const cookie = Cookie.parse(line)
        if (cookie !== undefined) keep(onClock(cookie, clock), siteUrl(address))
      }
    },
    header: (address) => cookieHeader(alive(siteUrl(address))),
    find,
    get: (name) => find(name)?.value,
    has: (name) => find(name) !== undefined,
    all,
    keys: () => all().map(({ name }) => name),
    values: () => all().map(({ value }) => value),
    history: () => [...received],
    set(name, value) {
      const key = secure && name === 'sid' ? `__Host-${name}` : name
      keep(new Cookie({ key, value, path: '/', secure, httpOnly: true }), `https://${HOST}/`)
    },
    delete(name) {
      const key = find(name)?.name ?? name
      for (const { path } of all().filter((cookie) => cookie.name === key))
        keep(new Cookie({ key, path, expires: new Date(0) }), `https://${HOST}/`)
    },
    clear: () => store.removeAllCookiesSync(),
  }
}

function cookieHeader(cookies: readonly Cookie[]): string | undefined {
  return cookies.length === 0 ? undefined : cookies.map((cookie) => cookie.cookieString()).join('; ')
}

function siteUrl({ protocol, pathname }: URL): string {
  return `${protocol}//${HOST}${pathname}`
}

/** The jar's clock may be ahead of the server's: an expiry counts from now. */
function onClock(cookie: Cookie, clock: Clock): Cookie {
  const { maxAge, expires } = cookie
  const lastsMs =
    typeof maxAge === 'number' ? maxAge * 1000 : expires instanceof Date ? expires.getTime() - Date.now() : undefined
  cookie.maxAge = null
  if (lastsMs !== undefined) cookie.expires = new Date(clock.now() + lastsMs)
  return cookie
}

function stored({ key, value, path, secure, httpOnly, sameSite, expires }: Cookie): StoredCookie {
  return {
    name: key,
    value,
    path: path ?? '/',
    secure,
    httpOnly,
    sameSite,
    expires: expires instanceof Date ? expires.getTime() : undefined,
  }
}
