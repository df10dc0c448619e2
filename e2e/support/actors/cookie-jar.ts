import type { Clock } from './clock.ts'

export interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: string | undefined
  /** Milliseconds on the jar's clock; undefined: until the browser is closed. */
  readonly expires: number | undefined
}

/** A browser's cookies of one host (cookies know no ports, so every replica shares it with nginx). */
export interface Jar {
  readonly clock: Clock
  /** Takes what an answer set; what came expired is deleted, what a browser refuses is refused. */
  take(lines: readonly string[], address: URL): void
  /** The Cookie header for this address; undefined where there is nothing to send. */
  header(address: URL): string | undefined
  /** By its name, without the prefix `__Host-` that it has on a site of HTTPS. */
  get(name: string): Cookie | undefined
  all(): readonly Cookie[]
  /** Every value that it ever held. */
  history(): readonly string[]
  /** Puts a value there by hand, as somebody does who forges or copies a cookie; the session's gets the prefix that it has. */
  put(name: string, value: string): void
}

/** `secure`: a jar for a site of HTTPS. */
export function createJar(clock: Clock, { secure = false } = {}): Jar {
  const cookies = new Map<string, Cookie>()
  const values = new Set<string>()
  const keep = (cookie: Cookie) => {
    values.add(cookie.value)
    const refused = cookie.name.startsWith('__Host-') && (!cookie.secure || cookie.path !== '/')
    if (!refused) cookies.set(`${cookie.name} ${cookie.path}`, cookie)
  }
  const living = () => [...cookies.values()].filter(({ expires }) => expires === undefined || expires > clock.now())
  return {
    clock,
    take(lines, address) {
      for (const line of lines) keep(readCookie(line, address, clock))
    },
    header(address) {
      const sent = living().filter((cookie) => belongs(cookie, address))
      return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ')
    },
    get: (name) => living().find((cookie) => cookie.name === name || cookie.name === `__Host-${name}`),
    all: living,
    history: () => [...values],
    put(name, value) {
      const plain = { path: '/', secure, httpOnly: true, sameSite: undefined, expires: undefined }
      keep({ name: secure && name === 'sid' ? `__Host-${name}` : name, value, ...plain })
    },
  }
}

/** Reads a Set-Cookie line as RFC 6265 tells a browser to. */
function readCookie(line: string, address: URL, clock: Clock): Cookie {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const [name, value] = halves(pair)
  const given = new Map(attributes.map((part) => halves(part)).map(([key, text]) => [key.toLowerCase(), text]))
  return {
    name,
    value,
    path: given.get('path')?.startsWith('/') ? (given.get('path') ?? '/') : defaultPath(address),
    secure: given.has('secure'),
    httpOnly: given.has('httponly'),
    sameSite: given.get('samesite'),
    expires: expiry(given, clock),
  }
}

function halves(part: string): [string, string] {
  const at = part.indexOf('=')
  return at < 0 ? [part, ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()]
}

function defaultPath({ pathname }: URL): string {
  const last = pathname.lastIndexOf('/')
  return last <= 0 ? '/' : pathname.slice(0, last)
}

function expiry(given: ReadonlyMap<string, string>, clock: Clock): number | undefined {
  const maxAge = given.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return clock.now() + Number(maxAge) * 1000
  const expires = Date.parse(given.get('expires') ?? '')
  // The server's date is in the server's time, the jar's clock may have been moved on since.
  return Number.isNaN(expires) ? undefined : clock.now() + (expires - Date.now())
}

function belongs({ path, secure }: Cookie, { protocol, pathname }: URL): boolean {
  if (secure && protocol !== 'https:') return false
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
}
