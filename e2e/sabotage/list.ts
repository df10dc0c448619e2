/** The cluster, broken in one way. */
export interface Sabotage {
  readonly name: string
  /** Runs in place of src/main.ts: the replica with one part exchanged. */
  readonly replica?: string
  /** Loaded before the scenario: exchanges one part of the cluster around the replicas. */
  readonly cluster?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly killedBy: KilledBy
  /** `npm test` runs it too. */
  readonly quick?: true
}

/** The scenario that must fail. */
export interface KilledBy {
  /** `honoured`, of e2e/scenarios. */
  readonly scenario: string
  /** The whole title. */
  readonly promise: string
  /** Part of the failure's message; another failure has another cause. */
  readonly expectedFailure: RegExp
}

const killedBy = (scenario: string, promise: string, expectedFailure: RegExp): KilledBy => ({
  scenario,
  promise,
  expectedFailure,
})
const lostRequest = killedBy(
  'rolling',
  'A rolling restart under load loses no request, also no POST (keepalive 64)',
  /POST .*(no answer|200 was expected)/,
)
const OUTAGE = 'While Postgres is cut off, no request ends a sign-in or waits long'

export const sabotages: readonly Sabotage[] = [
  {
    name: 'sessions in memory',
    environment: { SESSION_STORE: 'memory' },
    killedBy: killedBy('honoured', 'A sign-in on one replica counts on all replicas', /should be signed in/),
    quick: true,
  },
  {
    name: 'a secret per replica',
    replica: 'secret-of-its-own',
    killedBy: killedBy(
      'honoured',
      'Behind nginx, all replicas know a browser that signed in once',
      /200 was expected, (401|303 to \/login)/,
    ),
  },
  {
    name: 'save after respond (stock)',
    replica: 'save-after-respond',
    killedBy: killedBy(
      'committed',
      'A browser that follows the redirect is signed in on the next replica, however slow the commit',
      /should be signed in/,
    ),
    quick: true,
  },
  {
    name: 'upsert on save (stock)',
    replica: 'upsert',
    killedBy: killedBy(
      'overtaken',
      'A change that a sign-out overtakes restores nothing, and gets a 401',
      /a copy should be a visitor/,
    ),
    quick: true,
  },
  {
    name: 'whole-object save (stock)',
    replica: 'whole-object',
    killedBy: killedBy(
      'two-tabs',
      'One tab removes a product while another tab adds one',
      /another basket was expected/,
    ),
    quick: true,
  },
  { name: 'no drain', replica: 'no-drain', killedBy: lostRequest },
  { name: 'idle connections slammed', replica: 'slammed', killedBy: lostRequest },
  {
    name: 'store errors taken for "no session"',
    replica: 'outage-is-sign-out',
    killedBy: killedBy('outage', OUTAGE, /503 was expected, (200|303 to \/login|401)/),
  },
  {
    name: '503 repeated by nginx',
    cluster: 'repeats-503',
    killedBy: killedBy('outage', OUTAGE, /an answer of a replica was expected, not of nginx|503 was expected, 502/),
  },
  {
    name: 'the cookie not renewed',
    replica: 'cookie-not-renewed',
    killedBy: killedBy(
      'returning',
      'A customer who reads pages every 20 days stays signed in',
      /the browser received the new expiry/,
    ),
  },
  {
    name: 'jobs off',
    replica: 'no-jobs',
    killedBy: killedBy(
      'cleanup',
      'One replica removes the expired sessions and keeps the living ones',
      /in vain for the expired sessions to be removed/,
    ),
  },
  {
    name: 'touch on every request (stock)',
    replica: 'touch-always',
    killedBy: killedBy(
      'reads',
      'A hundred pages of a signed-in customer write nothing',
      /no row of the table was written/,
    ),
  },
  {
    name: 'saveUninitialized on',
    replica: 'save-uninitialized',
    killedBy: killedBy('anonymous', 'Anonymous visits create no row and no cookie', /no cookie was expected/),
    quick: true,
  },
  {
    name: 'sticky balancing (ip_hash)',
    cluster: 'sticky',
    killedBy: killedBy(
      'round-robin',
      'nginx spreads the requests of one keep-alive connection evenly',
      /every replica should have answered/,
    ),
  },
]
