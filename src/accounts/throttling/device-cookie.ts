import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, Response } from 'express'
import { emailKey } from '../email.ts'

export interface DeviceCookieOptions {
  /** The first signs, all verify. */
  readonly secrets: readonly string[]
  /** Served over HTTPS. */
  readonly https: boolean
}

/**
 * Browsers in which somebody has signed in before: OWASP's "device cookies" (Slow Down Online Guessing Attacks with Device
 * Cookies). Their wrong passwords are counted apart, so whoever guesses elsewhere cannot lock the owner out here. The cookie
 * signs nobody in; it holds an id of the browser and, for each person, a proof that a right password was typed in it.
 */
export interface DeviceCookies {
  /** The browser's id, if this person has signed in there; undefined for a stranger's. A forged proof is a stranger's. */
  recognise(req: Request, email: string): string | undefined
  /** After a right password, once the session is committed: this person is known here from now on. */
  remember(req: Request, res: Response, email: string): void
}

/** People who share a browser: the last that signed in are known. */
const MOST_PEOPLE = 4
/** Browsers keep no cookie for longer than 400 days. */
const LIFETIME = 365 * 86_400_000

/** Makes the known browsers; nothing is stored but the cookie. */
export function createDeviceCookies({ secrets, https }: DeviceCookieOptions): DeviceCookies {
  const name = https ? '__Host-known' : 'known'
  const proofs = (browser: string, email: string) => secrets.map((secret) => proofOf(secret, browser, email))
  const isProven = ({ browser, proofs: held }: Known, email: string) =>
    proofs(browser, email).some((proof) => held.some((other) => isSame(other, proof)))

  return {
    recognise: (req, email) => read(req, name).find((known) => isProven(known, email))?.browser,
    remember(req, res, email) {
      const cookies = read(req, name)
      const former = cookies.find((known) => isProven(known, email)) ?? cookies[0]
      const browser = former?.browser ?? randomBytes(16).toString('base64url')
      const [proof = '', ...old] = proofs(browser, email)
      const others = (former?.proofs ?? []).filter((held) => held !== proof && !old.includes(held))
      const value = [browser, proof, ...others].slice(0, 1 + MOST_PEOPLE).join('.')
      res.cookie(name, value, { path: '/', httpOnly: true, sameSite: 'lax', secure: https, maxAge: LIFETIME })
    },
  }
}

interface Known {
  readonly browser: string
  readonly proofs: readonly string[]
}

/** An id of 16 bytes, and proofs of 16 bytes, in base64url. */
const FORM = new RegExp(`^[\\w-]{22}(\\.[\\w-]{22}){1,${MOST_PEOPLE}}$`)

/** All cookies of this name: a sibling domain can plant another beside ours. */
function read(req: Request, name: string): Known[] {
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
