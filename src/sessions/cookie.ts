import { sign, unsign } from 'cookie-signature'

export interface VerifiedCookie {
  readonly sid: string
  /** Which secret verified it: 0 is the one that signs. */
  readonly secret: number
}

/** What signs and verifies: one or several secrets, of which the first signs. */
export interface Signatures {
  /** The value of a cookie as express-session writes it, before it is escaped for the header. */
  sign(sid: string): string
  /** The value as it came, escaped. A wrong signature, a malformed escape or an impossible sid is no cookie. */
  verify(value: string): VerifiedCookie | undefined
}

/** A sid is what a generator makes: visible ASCII, never so long that it is a burden to the index. */
const SID = /^[\x21-\x7e]{1,255}$/
/** Values whose signature is known to be right, some 300 bytes each: verifying is a tenth of what a signed-in request costs. */
const REMEMBERED = 10_000

export function createSignatures(secrets: readonly string[]): Signatures {
  const verified = new Map<string, VerifiedCookie>()
  return {
    sign: (sid) => `s:${sign(sid, secrets[0] ?? '')}`,
    verify(value) {
      const known = verified.get(value)
      if (known !== undefined) return known
      // A copy: a part of a header would keep all of it.
      const own = Buffer.from(value).toString()
      const found = check(own, secrets)
      if (found !== undefined) {
        const [oldest] = verified.size < REMEMBERED ? [] : verified.keys()
        if (oldest !== undefined) verified.delete(oldest)
        verified.set(own, found)
      }
      return found
    },
  }
}

/**
 * Finds the session cookie of this name in a Cookie header. Of several with one name the first that verifies counts: a sibling domain, or an older
 * path, can plant another. What does not verify costs no statement.
 */
export function readCookie(
  header: string | undefined,
  name: string,
  signatures: Signatures,
): VerifiedCookie | undefined {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    const found = signatures.verify(pair.slice(equals + 1).trim())
    if (found !== undefined) return found
  }
  return undefined
}

function check(value: string, secrets: readonly string[]): VerifiedCookie | undefined {
  const text = unescaped(value)
  if (!text?.startsWith('s:')) return undefined
  for (const [secret, key] of secrets.entries()) {
    const sid = unsign(text.slice(2), key)
    if (sid !== false && SID.test(sid)) return { sid, secret }
  }
  return undefined
}

function unescaped(value: string): string | undefined {
  try {
    return decodeURIComponent(value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value)
  } catch {
    // A malformed escape is no value of ours.
    return undefined
  }
}
