import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { query } from '../../../cluster/postgres/database.ts'
import { register } from '../actors/actions.ts'
import { createVisitor, type Visitor } from '../actors/visitor.ts'
import { type Database, openDatabase } from '../assertions/database.ts'
import { parseCookieValue } from '../attacks/sign-cookie.ts'
import { useEmptyDatabase } from '../empty-database.ts'
import { type ClusterFixture, unsupportedReason, useCluster } from '../fixture.ts'
import { type LegacyReplica, legacySignIn, startLegacyReplica } from './legacy-replica.ts'

/** A deployment of before, with people signed in, and ours beside it over the same database. */
export interface LegacyDeployment extends ClusterFixture {
  /** Address of the stock replica. */
  readonly legacyUrl: string
  /** Whose sessions the stock application holds. */
  readonly account: { readonly id: string; email: string }
  /** Browsers that were signed in by the stock application, before ours was there. */
  readonly browsers: readonly Visitor[]
  /** When their sessions ended, as the stock application wrote it. */
  readonly atFirst: readonly unknown[]
  /** When those sessions end now, as text without a zone. */
  expiries(): Promise<readonly unknown[]>
  /** When a row ends, in milliseconds since 1970, read as stock reads it. */
  expiryOf(sid: string): Promise<number>
  /** Makes a session older. */
  lateBy(minutes: number, sid: string): Promise<void>
  /** How many there are, as stock counts them. */
  count(): Promise<{ readonly living: number; readonly expired: number }>
}

const NEEDS = ['legacy-app', 'external-database', 'environment', 'replicas'] as const
const SECRET = randomBytes(24).toString('hex')

/** Makes a database in this zone with the reference's table, lets a stock replica sign people in, then starts ours. */
export function useLegacyDeployment(zone: string): LegacyDeployment {
  const account = { id: randomUUID(), email: '' }
  const browsers: Visitor[] = []
  const atFirst: unknown[] = []
  const bare = useEmptyDatabase()
  const site = {} as { legacyUrl: LegacyReplica; database: Database }
  const expiries = async () => {
    const sids = browsers.map(({ jar }) => parseCookieValue(jar.get('connect.sid') ?? '').sid)
    return await site.database.rows('SELECT sid, expire::text FROM session WHERE sid = ANY($1) ORDER BY sid', [sids])
  }
  before(async () => {
    if (unsupportedReason(NEEDS) !== undefined) return
    const { url } = bare
    await query(url, `ALTER DATABASE shop SET timezone = '${zone}'`)
    site.database = openDatabase(url)
    await site.database.rows(await readFile(REFERENCE_TABLE, 'utf8'))
    site.legacyUrl = await startLegacyReplica(url, SECRET)
    for (const name of ['Ada', 'Ada on her phone', 'Ada at work']) {
      const browser = createVisitor({ name, url: site.legacyUrl.url })
      await legacySignIn(browser, account.id)
      await browser.post('/note', { basket: { 7: 2 } }, { json: true })
      browsers.push(browser)
    }
    atFirst.push(...(await expiries()))
  })
  const wanted = () => ({
    replicas: 2,
    keepalive: 0,
    environment: { SESSION_SECRET: SECRET, SESSION_COOKIE: 'connect.sid' },
    databaseUrl: site.database.url,
  })
  const stage = useCluster(wanted, ...NEEDS)
  before(async () => {
    if (stage.lacks !== undefined) return
    const someone = stage.person('Ada')
    account.email = (await register(someone)).email
    // The account gets the id that the sessions of before name.
    await site.database.rows('UPDATE account SET id = $1 WHERE email = $2', [account.id, account.email])
    for (const [number, browser] of browsers.entries()) browsers[number] = browser.at(stage.cluster.url)
  })
  after(async () => {
    for (const browser of browsers) browser.close()
    await site.legacyUrl?.stop()
  })
  return {
    ...{ scenario: stage.scenario, person: stage.person, cookies: stage.cookies, lacks: stage.lacks, can: stage.can },
    ...{ crowd: stage.crowd, stopAndStart: stage.stopAndStart },
    get cluster() {
      return stage.cluster
    },
    get database() {
      return site.database
    },
    account,
    browsers,
    atFirst,
    expiries,
    get legacyUrl() {
      return site.legacyUrl.url
    },
    async expiryOf(sid: string) {
      const [row] = await site.database.rows(
        'SELECT extract(epoch FROM expire::timestamptz)::float8 AS at FROM session WHERE sid = $1',
        [sid],
      )
      return Number(row?.at) * 1000
    },
    async lateBy(minutes: number, sid: string) {
      await site.database.rows(`UPDATE session SET expire = expire - $1 * interval '1 minute' WHERE sid = $2`, [
        minutes,
        sid,
      ])
    },
    async count() {
      const [row] = await site.database.rows(COUNT)
      return { living: Number(row?.living), expired: Number(row?.expired) }
    },
  }
}

const COUNT = `SELECT count(*) FILTER (WHERE expire >= now()) AS living, count(*) FILTER (WHERE expire < now()) AS expired
  FROM session`
const REFERENCE_TABLE = join(import.meta.dirname, './reference-table.sql')
