import assert from 'node:assert/strict'
import { after, afterEach, before, type TestContext, test } from 'node:test'
import type { Capability, Cluster, ClusterOptions } from '../../cluster/cluster.ts'
import { keepArtifacts } from '../../cluster/diagnostics/failure-artifacts.ts'
import { targetFromEnvironment } from '../../cluster/target.ts'
import { PASSWORDS } from './actors/actions.ts'
import { createVisitor, type Visitor, type VisitorOptions } from './actors/visitor.ts'
import { type Database, openDatabase } from './assertions/database.ts'
import { found, linesOf } from './assertions/log-search.ts'
import { parseCookieValue } from './attacks/sign-cookie.ts'
import { type BackgroundLoad, type LoadOptions, startBackgroundLoad } from './load/background-load.ts'

export type Scenario = (test: TestContext) => Promise<void>

/** The cluster that the scenarios of one file (or one `describe`) share, and the people who come to it. */
export interface ClusterFixture {
  readonly cluster: Cluster
  readonly database: Database
  /** Why none of its scenarios runs on this target; undefined: they do. */
  readonly lacks: string | undefined
  can(what: Capability): boolean
  /** A person with a browser of their own, in front of nginx unless told; leaves when the stage is struck. */
  person(name: string, options?: Partial<VisitorOptions>): Visitor
  /** Sids, signatures and whole values of the cookies that those people ever held. */
  cookies(): readonly string[]
  /** People who look and buy in the background; what they saw is kept as evidence. */
  crowd(options?: Partial<LoadOptions>): Promise<BackgroundLoad>
  /** One promise and its story; not run where the target cannot what it needs. */
  scenario(promise: string, story: Scenario): void
  scenario(promise: string, needs: readonly Capability[], story: Scenario): void
  /** A full stop, and a start on the same data; the addresses may be others afterwards. */
  stopAndStart(): Promise<void>
}

type Asked = () => ClusterOptions | Promise<ClusterOptions>

const target = targetFromEnvironment()

/**
 * Starts a cluster of its own before the scenarios that are declared beside it, and removes it after them; options as a function are
 * asked for then, and again when it is started again. `needs`: what all of them need; options that the target must heed are needed anyway.
 */
export function useCluster(options: ClusterOptions | Asked = {}, ...needs: readonly Capability[]): ClusterFixture {
  const wanted = async () => ({ seed: true, ...(typeof options === 'function' ? await options() : options) })
  const lacks = unsupportedReason([...needs, ...(typeof options === 'function' ? [] : neededBy(options))])
  const people: Visitor[] = []
  let cluster: Cluster | undefined
  let crowd: BackgroundLoad | undefined
  const running = () => {
    if (cluster === undefined) throw new Error('the cluster is not running: use it within a scenario')
    return cluster
  }
  before(async () => {
    if (lacks === undefined) cluster = await target.start(await wanted())
  })
  afterEach(async (context) => {
    const record = crowd === undefined ? {} : { 'crowd.txt': crowd.history.text() }
    await keepArtifacts(context as TestContext, cluster, record)
    // A scenario that failed has left its crowd at work.
    await crowd?.stop()
    crowd = undefined
  })
  after(async () => {
    for (const visitor of people) visitor.close()
    const logs = await cluster?.logs()
    await cluster?.destroy()
    expectQuiet(logs ?? '', cookies())
  })
  const cookies = () => people.flatMap(({ jar }) => jar.history().flatMap(textsOf))
  return {
    get cluster() {
      return running()
    },
    get database() {
      return openDatabase(running().databaseUrl)
    },
    lacks,
    can: (what) => target.unsupported[what] === undefined,
    person(name, visitor = {}) {
      const { localAddress, ...others } = visitor
      const address: Partial<VisitorOptions> =
        localAddress === undefined ? {} : target.isBehindGateway ? { forwardedFor: localAddress } : { localAddress }
      const person = createVisitor({ name, url: running().url, ...others, ...address })
      people.push(person)
      return person
    },
    cookies,
    async crowd(load = {}) {
      crowd = await startBackgroundLoad({ url: running().url, ...load })
      return crowd
    },
    scenario(promise: string, ...rest: [Scenario] | [readonly Capability[], Scenario]) {
      const [own, story] = rest.length === 1 ? [[], rest[0]] : rest
      const reason = lacks ?? unsupportedReason(own)
      test(promise, reason === undefined ? {} : { skip: reason }, async (context) => await story(context))
    },
    async stopAndStart() {
      const { folder } = running()
      await running().stop()
      cluster = await target.start({ ...(await wanted()), folder })
    },
  }
}

/** For what is not about a target: runs on this machine alone, and once. */
export function skipUnlessLocal(): string | false {
  return target.name === 'local' ? false : 'it is the same whatever the target, and runs with the local one'
}

function neededBy({ environment, databaseUrl }: ClusterOptions): readonly Capability[] {
  return [...(environment ? ['environment' as const] : []), ...(databaseUrl ? ['external-database' as const] : [])]
}

/** Why a scenario that needs this is not run on the chosen target; undefined: it is. */
export function unsupportedReason(needs: readonly Capability[]): string | undefined {
  return needs.map((ability) => target.unsupported[ability]).find((reason) => reason !== undefined)
}

/** A cookie, and what in it would be enough for a thief; texts too short to mean anything are left out. */
function textsOf(cookie: string): readonly string[] {
  const { sid, signature } = parseCookieValue(cookie)
  return [cookie, sid, signature].filter((text) => text.length >= 16)
}

/** Whatever was done on a stage: nobody's cookie, and no password that the people here use, is in a log afterwards. */
function expectQuiet(logs: string, cookies: readonly string[]): void {
  const secrets = new Map([...cookies, ...PASSWORDS].map((text, number) => [`secret ${number}`, text]))
  const leaks = linesOf(logs).filter((line) => found(line, secrets).length > 0)
  assert.deepEqual(leaks.slice(0, 10), [], 'no log holds a cookie or a password')
}

/** Rounds of what is repeated to be sure: one unless E2E_ROUNDS says more. */
export const ROUNDS = Number(process.env.E2E_ROUNDS ?? 1)
