import { sign, unsign } from 'cookie-signature'

export interface VerifiedCookie {
  readonly sid: string
  /** Which secret verified it. 0 is the one that signs. */
  readonly secretIndex: number
}

export interface Signatures {
  /** The cookie value as express-session writes it, before percent-encoding. */
  sign(sid: string): string
  /** Of the encoded value. Undefined for a wrong signature, escape or sid. */
  verify(value: string): VerifiedCookie | undefined
}

/** Visible ASCII, short enough for the index. */
export function isSid(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text)
}

/** 300 bytes each. Verification is a tenth of the cost of a signed-in request. */
const MAX_REMEMBERED = 10_000

/** The first secret signs, all verify. */
export function createSignatures(secrets: readonly string[]): Signatures {
  const verified = new Map<string, VerifiedCookie>()
  return {
    sign: (sid) => `s:${sign(sid, secrets[0] ?? '')}`,
    verify(value) {
      const known = verified.get(value)
      if (known !== undefined) return known
      // Copy it: a substring would keep the whole Cookie header in memory.
      const own = Buffer.from(value).toString()
      const found = check(own, secrets)
      if (found !== undefined) {
        const [oldest] = verified.size < MAX_REMEMBERED ? [] : verified.keys()
        if (oldest !== undefined) verified.delete(oldest)
        verified.set(own, found)
      }
      return found
    },
  }
}

/**
 * The cookies of this name whose signature verifies, in the order of the Cookie header, each sid
 * once, `max` at most. There can be several: a sibling domain, or an earlier application with
 * another Domain or Path.
 */
export function readCookies(
  header: string | undefined,
  name: string,
  signatures: Signatures,
  max: number,
): readonly VerifiedCookie[] {
  const found = new Map<string, VerifiedCookie>()
  for (const [own, value] of pairs(header)) {
    if (found.size >= max) break
    const cookie = own === name ? signatures.verify(value) : undefined
    if (cookie !== undefined && cookie.secretIndex < (found.get(cookie.sid)?.secretIndex ?? Infinity))
      found.set(cookie.sid, cookie)
  }
  return [...found.values()]
}

export function cookieNames(header: string | undefined): ReadonlySet<string> {
  return new Set([...pairs(header)].map(([name]) => name))
}

function* pairs(header: string | undefined): Generator<readonly [name: string, value: string]> {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals >= 0) yield [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
  }
}

function check(value: string, secrets: readonly string[]): VerifiedCookie | undefined {
  const text = unescaped(value)
  if (!text?.startsWith('s:')) return undefined
  for (const [secretIndex, key] of secrets.entries()) {
    const sid = unsign(text.slice(2), key)
    if (sid !== false && isSid(sid)) return { sid, secretIndex }
  }
  return undefined
}

function unescaped(value: string): string | undefined {
  try {
    return decodeURIComponent(value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value)
  } catch {
    return undefined
  }
}
