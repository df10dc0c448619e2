/** The cluster, broken in one way. */
export interface Sabotage {
  readonly name: string
  /** Run in the place of src/main.ts: builds the replica with one part exchanged. */
  readonly replica?: string
  /** Loaded before the scenario: exchanges one part of the cluster around the replicas. */
  readonly cluster?: string
  readonly environment?: Readonly<Record<string, string>>
  /** What must notice it. */
  readonly catcher: Catcher
  /** Told so quickly that `npm test` has it told each time. */
  readonly quick?: true
}

export interface Catcher {
  /** `honoured`, of e2e/scenarios. */
  readonly scenario: string
  /** The whole name of the promise. */
  readonly promise: string
  /** What its failure says; another failure is not this sabotage's. */
  readonly says: RegExp
}

export const sabotages: readonly Sabotage[] = [
  {
    name: 'sessions in memory',
    environment: { SESSION_STORE: 'memory' },
    catcher: {
      scenario: 'honoured',
      promise: 'a login on one replica is honoured by every other',
      says: /should be signed in/,
    },
    quick: true,
  },
  {
    name: 'a secret per replica',
    replica: 'secret-of-its-own',
    catcher: {
      scenario: 'honoured',
      promise: 'behind nginx, too, every replica answers somebody who signed in once',
      says: /200 was expected, (401|303 to \/login)/,
    },
  },
  {
    name: 'save after respond (stock)',
    replica: 'save-after-respond',
    catcher: {
      scenario: 'committed',
      promise: 'whoever follows the redirect at once is signed in on the next replica, however long the commit takes',
      says: /should be signed in/,
    },
    quick: true,
  },
  {
    name: 'upsert on save (stock)',
    replica: 'upsert',
    catcher: {
      scenario: 'overtaken',
      promise: 'a change that is overtaken by signing out brings nothing back, and is answered as signed out',
      says: /a thief should be a visitor/,
    },
    quick: true,
  },
  {
    name: 'whole-object save (stock)',
    replica: 'whole-object',
    catcher: {
      scenario: 'two-tabs',
      promise: 'one tab takes a thing out while the other puts one in',
      says: /deep-equal/,
    },
    quick: true,
  },
  {
    name: 'no drain',
    replica: 'no-drain',
    catcher: {
      scenario: 'rolling',
      promise: 'rolling restarts under load lose no request, POSTs among them (keepalive 64)',
      says: /POST .*(no answer|200 was expected)/,
    },
  },
  {
    name: 'idle connections slammed',
    replica: 'slammed',
    catcher: {
      scenario: 'rolling',
      promise: 'rolling restarts under load lose no request, POSTs among them (keepalive 64)',
      says: /POST .*(no answer|200 was expected)/,
    },
  },
  {
    name: 'store errors taken for "no session"',
    replica: 'outage-is-sign-out',
    catcher: {
      scenario: 'outage',
      promise: 'while Postgres is cut off nobody is taken for signed out, and nobody waits long',
      says: /503 was expected, (200|303 to \/login|401)/,
    },
  },
  {
    name: '503 repeated by nginx',
    cluster: 'repeats-503',
    catcher: {
      scenario: 'outage',
      promise: 'while Postgres is cut off nobody is taken for signed out, and nobody waits long',
      says: /an answer of a replica was expected, not of nginx|503 was expected, 502/,
    },
  },
  {
    name: 'the cookie not renewed',
    replica: 'cookie-not-renewed',
    catcher: {
      scenario: 'returning',
      promise: 'a customer who comes back every 20 days and only reads stays signed in',
      says: /the browser was told the new expiry/,
    },
  },
  {
    name: 'upkeep off',
    replica: 'no-upkeep',
    catcher: {
      scenario: 'cleanup',
      promise: 'sessions that have expired are removed, by one replica, and living ones are left',
      says: /in vain for the expired sessions to be removed/,
    },
  },
  {
    name: 'touch on every request (stock)',
    replica: 'touch-always',
    catcher: {
      scenario: 'reads',
      promise: 'a hundred pages of somebody who is signed in write nothing',
      says: /no row of the table was written/,
    },
  },
  {
    name: 'saveUninitialized on',
    replica: 'save-uninitialized',
    catcher: {
      scenario: 'anonymous',
      promise: 'anonymous visits leave no row and no cookie',
      says: /no cookie was expected/,
    },
    quick: true,
  },
  {
    name: 'sticky balancing (ip_hash)',
    cluster: 'sticky',
    catcher: {
      scenario: 'round-robin',
      promise: 'requests on one keep-alive connection are spread evenly',
      says: /every replica should have answered/,
    },
  },
]
