import { createHash } from 'node:crypto'
import { type Limit, type Limits, networkOf } from '../../http/limits.ts'
import type { AttemptCounter } from '../accounts.ts'
import { emailKey } from '../email.ts'

/** Ten wrong passwords in a quarter of an hour for one account, from all browsers that its owner has not used. */
const UNKNOWN_BROWSER = { name: 'strangers', points: 10, seconds: 15 * 60 }
/** As many in each browser that the owner has used, so that nobody else's guesses lock that one. */
const BROWSER = { name: 'browser', points: 10, seconds: 15 * 60 }
/** Fifty from one client address: an office behind one address mistypes as well. */
const ADDRESS = { name: 'address', points: 50, seconds: 15 * 60 }
/** Ten wrong current passwords by somebody who is signed in already. */
const SIGNED_IN = { name: 'signed-in', points: 10, seconds: 15 * 60 }

/** Who makes an attempt. */
export interface Client {
  readonly address: string
  /** The browser, where the account's owner has signed in before. */
  readonly browser?: string | undefined
}

/**
 * What limits guessing, on all replicas together. Only failures count: an attempt is counted before its hash, so that
 * guesses in parallel cannot slip past, and given back where it turned out well.
 */
export interface SignInLimits {
  /** A sign-in; throws `limited` before anything is hashed where nothing is left. */
  signIn(client: Client, email: string): Promise<AttemptCounter>
  /** A registration: a taken address is a failure, or addresses could be tried without end. */
  register(client: Client): Promise<AttemptCounter>
  /** The current password, typed again by somebody who is signed in. */
  confirm(account: string): Promise<AttemptCounter>
}

export function createSignInLimits(limits: Limits): SignInLimits {
  const strangers = limits.limit(UNKNOWN_BROWSER)
  const browsers = limits.limit(BROWSER)
  const addresses = limits.limit(ADDRESS)
  const signedIn = limits.limit(SIGNED_IN)
  const addressCount = ({ address }: Client): Count => ({ limit: addresses, key: networkOf(address) })
  return {
    signIn(client, email) {
      const account = digest(emailKey(email))
      // Neighbours behind the owner's address cannot lock a browser of the owner's either.
      if (client.browser !== undefined) return attempt([{ limit: browsers, key: `${client.browser}:${account}` }])
      return attempt([{ limit: strangers, key: account }, addressCount(client)])
    },
    register: (client) => attempt([addressCount(client)]),
    confirm: (account) => attempt([{ limit: signedIn, key: account }]),
  }
}

interface Count {
  readonly limit: Limit
  readonly key: string
}

async function attempt(counts: readonly Count[]): Promise<AttemptCounter> {
  await Promise.all(counts.map(({ limit, key }) => limit.check(key)))
  return { begin: () => takeAll(counts), succeeded: () => giveBack(counts) }
}

/** Takes of all, or of none. */
async function takeAll(counts: readonly Count[]): Promise<void> {
  for (const [index, { limit, key }] of counts.entries()) {
    try {
      await limit.take(key)
    } catch (refusal) {
      await giveBack(counts.slice(0, index))
      throw refusal
    }
  }
}

async function giveBack(counts: readonly Count[]): Promise<void> {
  await Promise.all(counts.map(({ limit, key }) => limit.giveBack(key)))
}

/** Short enough for a key, and no list of who was tried. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
