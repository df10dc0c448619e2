/** The cluster, broken in one way. */
export interface Sabotage {
  readonly name: string
  /** Run in the place of src/main.ts: builds the replica with one part exchanged. */
  readonly replica?: string
  /** Loaded before the scenario: exchanges one part of the cluster around the replicas. */
  readonly cluster?: string
  readonly environment?: Readonly<Record<string, string>>
  /** What must notice it. */
  readonly killedBy: KilledBy
  /** Told so quickly that `npm test` has it told each time. */
  readonly quick?: true
}

export interface KilledBy {
  /** `honoured`, of e2e/scenarios. */
  readonly scenario: string
  /** The whole name of the promise. */
  readonly promise: string
  /** What its failure says; another failure is not this sabotage's. */
  readonly expectedFailure: RegExp
}

export const sabotages: readonly Sabotage[] = [
  {
    name: 'sessions in memory',
    environment: { SESSION_STORE: 'memory' },
    killedBy: {
      scenario: 'honoured',
      promise: 'a login on one replica is honoured by every other',
      expectedFailure: /should be signed in/,
    },
    quick: true,
  },
  {
    name: 'a secret per replica',
    replica: 'secret-of-its-own',
    killedBy: {
      scenario: 'honoured',
      promise: 'behind nginx, too, every replica answers somebody who signed in once',
      expectedFailure: /200 was expected, (401|303 to \/login)/,
    },
  },
  {
    name: 'save after respond (stock)',
    replica: 'save-after-respond',
    killedBy: {
      scenario: 'committed',
      promise: 'whoever follows the redirect at once is signed in on the next replica, however long the commit takes',
      expectedFailure: /should be signed in/,
    },
    quick: true,
  },
  {
    name: 'upsert on save (stock)',
    replica: 'upsert',
    killedBy: {
      scenario: 'overtaken',
      promise: 'a change that is overtaken by signing out brings nothing back, and is answered as signed out',
      expectedFailure: /a thief should be a visitor/,
    },
    quick: true,
  },
  {
    name: 'whole-object save (stock)',
    replica: 'whole-object',
    killedBy: {
      scenario: 'two-tabs',
      promise: 'one tab takes a thing out while the other puts one in',
      expectedFailure: /deep-equal/,
    },
    quick: true,
  },
  {
    name: 'no drain',
    replica: 'no-drain',
    killedBy: {
      scenario: 'rolling',
      promise: 'rolling restarts under load lose no request, POSTs among them (keepalive 64)',
      expectedFailure: /POST .*(no answer|200 was expected)/,
    },
  },
  {
    name: 'idle connections slammed',
    replica: 'slammed',
    killedBy: {
      scenario: 'rolling',
      promise: 'rolling restarts under load lose no request, POSTs among them (keepalive 64)',
      expectedFailure: /POST .*(no answer|200 was expected)/,
    },
  },
  {
    name: 'store errors taken for "no session"',
    replica: 'outage-is-sign-out',
    killedBy: {
      scenario: 'outage',
      promise: 'while Postgres is cut off nobody is taken for signed out, and nobody waits long',
      expectedFailure: /503 was expected, (200|303 to \/login|401)/,
    },
  },
  {
    name: '503 repeated by nginx',
    cluster: 'repeats-503',
    killedBy: {
      scenario: 'outage',
      promise: 'while Postgres is cut off nobody is taken for signed out, and nobody waits long',
      expectedFailure: /an answer of a replica was expected, not of nginx|503 was expected, 502/,
    },
  },
  {
    name: 'the cookie not renewed',
    replica: 'cookie-not-renewed',
    killedBy: {
      scenario: 'returning',
      promise: 'a customer who comes back every 20 days and only reads stays signed in',
      expectedFailure: /the browser was told the new expiry/,
    },
  },
  {
    name: 'upkeep off',
    replica: 'no-upkeep',
    killedBy: {
      scenario: 'cleanup',
      promise: 'sessions that have expired are removed, by one replica, and living ones are left',
      expectedFailure: /in vain for the expired sessions to be removed/,
    },
  },
  {
    name: 'touch on every request (stock)',
    replica: 'touch-always',
    killedBy: {
      scenario: 'reads',
      promise: 'a hundred pages of somebody who is signed in write nothing',
      expectedFailure: /no row of the table was written/,
    },
  },
  {
    name: 'saveUninitialized on',
    replica: 'save-uninitialized',
    killedBy: {
      scenario: 'anonymous',
      promise: 'anonymous visits leave no row and no cookie',
      expectedFailure: /no cookie was expected/,
    },
    quick: true,
  },
  {
    name: 'sticky balancing (ip_hash)',
    cluster: 'sticky',
    killedBy: {
      scenario: 'round-robin',
      promise: 'requests on one keep-alive connection are spread evenly',
      expectedFailure: /every replica should have answered/,
    },
  },
]
