import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, Response } from 'express'
import { emailKey } from '../email.ts'

export interface DeviceCookieOptions {
  /** The first signs, all verify. */
  readonly secrets: readonly string[]
  readonly https: boolean
}

/**
 * OWASP's "device cookies" (Slow Down Online Guessing Attacks with Device Cookies). Wrong passwords
 * of known browsers are counted separately, so guesses elsewhere do not lock the owner out. The
 * cookie alone signs no user in. It holds an id of the browser and, for each account, a proof of a
 * sign-in.
 */
export interface DeviceCookies {
  /** The browser's id; undefined for an unknown browser, or a forged proof. */
  recognise(req: Request, email: string): string | undefined
  /** Call it after a sign-in is committed. */
  remember(req: Request, res: Response, email: string): void
}

/** The last accounts that signed in. */
const MAX_ACCOUNTS = 4
const MAX_AGE_MS = 365 * 86_400_000

export function createDeviceCookies({ secrets, https }: DeviceCookieOptions): DeviceCookies {
  const name = https ? '__Host-known' : 'known'
  const proofs = (browser: string, email: string) => secrets.map((secret) => proofOf(secret, browser, email))
  const isProven = ({ browser, proofs: held }: DeviceCookie, email: string) =>
    proofs(browser, email).some((proof) => held.some((other) => isSame(other, proof)))

  return {
    recognise: (req, email) => read(req, name).find((cookie) => isProven(cookie, email))?.browser,
    remember(req, res, email) {
      const cookies = read(req, name)
      const existing = cookies.find((cookie) => isProven(cookie, email)) ?? cookies[0]
      const browser = existing?.browser ?? randomBytes(16).toString('base64url')
      const [proof = '', ...old] = proofs(browser, email)
      const others = (existing?.proofs ?? []).filter((held) => held !== proof && !old.includes(held))
      const value = [browser, proof, ...others].slice(0, 1 + MAX_ACCOUNTS).join('.')
      res.cookie(name, value, { path: '/', httpOnly: true, sameSite: 'lax', secure: https, maxAge: MAX_AGE_MS })
    },
  }
}

interface DeviceCookie {
  readonly browser: string
  readonly proofs: readonly string[]
}

/** An id of 16 bytes and proofs of 16 bytes, in base64url. */
const FORM = new RegExp(`^[\\w-]{22}(\\.[\\w-]{22}){1,${MAX_ACCOUNTS}}$`)

/** All of them: a sibling domain can set another one. */
function read(req: Request, name: string): DeviceCookie[] {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1))
  return values
    .filter((value) => FORM.test(value))
    .map((value) => {
      const [browser = '', ...proofs] = value.split('.')
      return { browser, proofs }
    })
}

function proofOf(secret: string, browser: string, email: string): string {
  const mac = createHmac('sha256', secret).update(`known browser\n${browser}\n${emailKey(email)}`)
  return mac.digest().subarray(0, 16).toString('base64url')
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
