import { sign, unsign } from 'cookie-signature'

export interface VerifiedCookie {
  readonly sid: string
  /** Which secret verified it: 0 is the one that signs. */
  readonly secret: number
}

/** A sid is what a generator makes: visible ASCII, never so long that it is a burden to the index. */
const SID = /^[\x21-\x7e]{1,255}$/

/**
 * Finds the session cookie of this name in a Cookie header. Of several with one name the first that verifies counts: a sibling domain, or an older
 * path, can plant another. A wrong signature, a malformed escape or an impossible sid is no cookie, and costs no statement.
 */
export function readCookie(
  header: string | undefined,
  name: string,
  secrets: readonly string[],
): VerifiedCookie | undefined {
  for (const value of valuesOf(header ?? '', name)) {
    if (!value.startsWith('s:')) continue
    for (const [secret, key] of secrets.entries()) {
      const sid = unsign(value.slice(2), key)
      if (sid !== false && SID.test(sid)) return { sid, secret }
    }
  }
  return undefined
}

/** The value that express-session writes and reads, before it is escaped for the header. */
export function signed(sid: string, secret: string): string {
  return `s:${sign(sid, secret)}`
}

export function cookieValue(sid: string, secret: string): string {
  return encodeURIComponent(signed(sid, secret))
}

function* valuesOf(header: string, name: string): Generator<string> {
  for (const pair of header.split(';')) {
    if (nameOf(pair) !== name) continue
    const value = pair.slice(pair.indexOf('=') + 1).trim()
    try {
      yield decodeURIComponent(value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value)
    } catch {
      // A malformed escape is no value of ours.
    }
  }
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return equals < 0 ? '' : pair.slice(0, equals).trim()
}
