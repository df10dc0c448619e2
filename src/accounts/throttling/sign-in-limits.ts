import { createHash } from 'node:crypto'
import { type Limit, type Limits, networkOf } from '../../http/limits.ts'
import type { AttemptCounter } from '../accounts.ts'
import { emailKey } from '../email.ts'

/** Wrong passwords for one account from all unknown browsers. */
const UNKNOWN_BROWSER = { name: 'unknown-browser', points: 10, seconds: 15 * 60 }
/** Wrong passwords in one known browser, so that guesses elsewhere do not lock it out. */
const BROWSER = { name: 'browser', points: 10, seconds: 15 * 60 }
/** Wrong passwords from one client address, which may be an office. */
const ADDRESS = { name: 'address', points: 50, seconds: 15 * 60 }
/** Wrong current passwords in a signed-in session. */
const SIGNED_IN = { name: 'signed-in', points: 10, seconds: 15 * 60 }

export interface Client {
  readonly address: string
  /** Id of a browser that is known for the account. */
  readonly browser?: string | undefined
}

/**
 * Limits guesses on all replicas together. Only failures count: an attempt is counted before its
 * hash, so that parallel guesses cannot slip through, and given back after a success.
 */
export interface SignInLimits {
  /** Throws `limited` before any hash. */
  signIn(client: Client, email: string): Promise<AttemptCounter>
  /** A taken address is a failure, else a client could test addresses without limit. */
  register(client: Client): Promise<AttemptCounter>
  /** For the current password of a signed-in user. */
  confirm(account: string): Promise<AttemptCounter>
}

export function createSignInLimits(limits: Limits): SignInLimits {
  const unknownBrowsers = limits.limit(UNKNOWN_BROWSER)
  const browsers = limits.limit(BROWSER)
  const addresses = limits.limit(ADDRESS)
  const signedIn = limits.limit(SIGNED_IN)
  const addressCount = ({ address }: Client): Counter => ({ limit: addresses, key: networkOf(address) })
  return {
    signIn(client, email) {
      const account = digest(emailKey(email))
      // So clients behind the same address cannot lock a known browser out.
      if (client.browser !== undefined) return attempt([{ limit: browsers, key: `${client.browser}:${account}` }])
      return attempt([{ limit: unknownBrowsers, key: account }, addressCount(client)])
    },
    register: (client) => attempt([addressCount(client)]),
    confirm: (account) => attempt([{ limit: signedIn, key: account }]),
  }
}

interface Counter {
  readonly limit: Limit
  readonly key: string
}

async function attempt(counts: readonly Counter[]): Promise<AttemptCounter> {
  await Promise.all(counts.map(({ limit, key }) => limit.check(key)))
  return { begin: () => takeAll(counts), succeeded: () => giveBack(counts) }
}

/** All or nothing. */
async function takeAll(counts: readonly Counter[]): Promise<void> {
  for (const [index, { limit, key }] of counts.entries()) {
    try {
      await limit.take(key)
    } catch (refusal) {
      await giveBack(counts.slice(0, index))
      throw refusal
    }
  }
}

async function giveBack(counts: readonly Counter[]): Promise<void> {
  await Promise.all(counts.map(({ limit, key }) => limit.giveBack(key)))
}

/** Short enough for a key, and hides the address. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
