import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { query } from '../../../cluster/postgres/database.ts'
import { register } from '../actors/actions.ts'
import { createVisitor, type Visitor } from '../actors/visitor.ts'
import type { AppProcess } from '../app-process.ts'
import { type Database, openDatabase } from '../assertions/database.ts'
import { sessionId } from '../attacks/cookies.ts'
import { useEmptyDatabase } from '../empty-database.ts'
import { type ClusterFixture, extendFixture, unsupportedReason, useCluster } from '../fixture.ts'
import { legacySignIn, startLegacyReplica } from './legacy-replica.ts'

/** A legacy deployment with signed-in browsers, and Roundhouse beside it over the same database. */
export interface LegacyDeployment extends ClusterFixture {
  /** The address of the legacy replica. */
  readonly legacyUrl: string
  /** The account of the sessions that the legacy application holds. */
  readonly account: { readonly id: string; email: string }
  /** Browsers that were signed in by the legacy application before Roundhouse started. */
  readonly browsers: readonly Visitor[]
  /** The expiries of their sessions as the legacy application wrote them. */
  readonly initialExpiries: readonly unknown[]
  /** Those expiries now, as text without a zone. */
  expiries(): Promise<readonly unknown[]>
  /** A row's expiry in milliseconds since 1970, read as the legacy application reads it. */
  expiryOf(sid: string): Promise<number>
  /** Moves a session's expiry back. */
  moveExpiryBack(minutes: number, sid: string): Promise<void>
  /** The number of sessions as the legacy application counts them. */
  count(): Promise<{ readonly living: number; readonly expired: number }>
}

const NEEDS = ['legacy-app', 'external-database', 'environment', 'replicas'] as const
const SECRET = randomBytes(24).toString('hex')
const REFERENCE_TABLE = join(import.meta.dirname, './reference-table.sql')
const COUNT = `
  SELECT count(*) FILTER (WHERE expire >= now()) AS living, count(*) FILTER (WHERE expire < now()) AS expired
  FROM session`

/** Starts a legacy replica over a database in this zone, signs people in, then starts Roundhouse. */
export function useLegacyDeployment(zone: string): LegacyDeployment {
  const account = { id: randomUUID(), email: '' }
  const browsers: Visitor[] = []
  const initialExpiries: unknown[] = []
  const empty = useEmptyDatabase()
  const legacy = {} as { replica: AppProcess; database: Database }
  const expiries = async () => {
    const sids = browsers.map((browser) => sessionId(browser, 'connect.sid'))
    return await legacy.database.rows('SELECT sid, expire::text FROM session WHERE sid = ANY($1) ORDER BY sid', [sids])
  }
  before(async () => {
    if (unsupportedReason(NEEDS) !== undefined) return
    await query(empty.url, `ALTER DATABASE shop SET timezone = '${zone}'`)
    legacy.database = openDatabase(empty.url)
    await legacy.database.rows(await readFile(REFERENCE_TABLE, 'utf8'))
    legacy.replica = await startLegacyReplica(empty.url, SECRET)
    for (const name of ['Ada', 'Ada on her phone', 'Ada at work']) {
      const browser = createVisitor({ name, url: legacy.replica.url })
      await legacySignIn(browser, account.id)
      await browser.post('/note', { basket: { 7: 2 } }, { json: true })
      browsers.push(browser)
    }
    initialExpiries.push(...(await expiries()))
  })
  const fixture = useCluster(
    () => ({
      replicas: 2,
      keepalive: 0,
      environment: { SESSION_SECRET: SECRET, SESSION_COOKIE: 'connect.sid' },
      databaseUrl: legacy.database.url,
    }),
    ...NEEDS,
  )
  before(async () => {
    if (fixture.skipReason !== undefined) return
    account.email = (await register(fixture.person('Ada'))).email
    // The account gets the id that the legacy sessions name.
    await legacy.database.rows('UPDATE account SET id = $1 WHERE email = $2', [account.id, account.email])
    for (const [number, browser] of browsers.entries()) browsers[number] = browser.at(fixture.cluster.url)
  })
  after(async () => {
    for (const browser of browsers) browser.close()
    await legacy.replica?.stop()
  })
  return extendFixture(fixture, {
    account,
    browsers,
    initialExpiries,
    expiries,
    get database() {
      return legacy.database
    },
    get legacyUrl() {
      return legacy.replica.url
    },
    async expiryOf(sid: string) {
      const epoch = 'SELECT extract(epoch FROM expire::timestamptz)::float8 AS at FROM session WHERE sid = $1'
      const [row] = await legacy.database.rows(epoch, [sid])
      return Number(row?.at) * 1000
    },
    async moveExpiryBack(minutes: number, sid: string) {
      const change = `UPDATE session SET expire = expire - $1 * interval '1 minute' WHERE sid = $2`
      await legacy.database.rows(change, [minutes, sid])
    },
    async count() {
      const [row] = await legacy.database.rows(COUNT)
      return { living: Number(row?.living), expired: Number(row?.expired) }
    },
  })
}
