import assert from 'node:assert/strict'
import { after, afterEach, before, type TestContext, test } from 'node:test'
import type { Capability, Cluster, ClusterOptions } from '../../cluster/cluster.ts'
import { keepArtifacts } from '../../cluster/diagnostics/failure-artifacts.ts'
import { targetFromEnvironment } from '../../cluster/target.ts'
import { PASSWORDS } from './actors/actions.ts'
import { createVisitor, type Visitor, type VisitorOptions } from './actors/visitor.ts'
import { type Database, openDatabase } from './assertions/database.ts'
import { found, linesOf } from './assertions/log-search.ts'
import { parseCookieValue } from './attacks/cookies.ts'
import { type BackgroundLoad, type LoadOptions, startBackgroundLoad } from './load/background-load.ts'

export type Scenario = (test: TestContext) => Promise<void>

/** The two ways to the site. */
export type Entrance = 'through nginx' | 'at a replica'
export const ENTRANCES: readonly Entrance[] = ['through nginx', 'at a replica']

/** The cluster that the scenarios of one file (or one `describe`) share, and its visitors. */
export interface ClusterFixture {
  readonly cluster: Cluster
  readonly database: Database
  /** Why the target skips all its scenarios; undefined: it runs them. */
  readonly skipReason: string | undefined
  supports(capability: Capability): boolean
  /** A person with a browser, at nginx unless `url` is another; closed after the last scenario. */
  person(name: string, options?: Partial<VisitorOptions>): Visitor
  /** The address of an entrance; the replica is the first one. */
  address(entrance: Entrance): string
  /** nginx, and each replica by itself. */
  addresses(): readonly string[]
  /** The process ids of the replicas. */
  processes(): readonly number[]
  /** Sids, signatures and whole values of the cookies that those people ever had. */
  cookies(): readonly string[]
  /** Shoppers in the background; a failed scenario keeps their history. */
  startLoad(options?: Partial<LoadOptions>): Promise<BackgroundLoad>
  /** Declares one promise; the test is skipped where the target lacks one of `needs`. */
  scenario(promise: string, story: Scenario): void
  scenario(promise: string, needs: readonly Capability[], story: Scenario): void
  /** Stops everything and starts it on the same data; the addresses may change. */
  stopAndStart(): Promise<void>
}

type OptionsFactory = () => ClusterOptions | Promise<ClusterOptions>

const target = targetFromEnvironment()

/** Rounds of a repeated action: one, unless E2E_ROUNDS is set. */
export const ROUNDS = Number(process.env.E2E_ROUNDS ?? 1)

/**
 * Starts a cluster before the scenarios that are declared beside it, and removes it after them. A
 * function as `options` is called at each start. `needs`: what all scenarios need, beside what the
 * options imply.
 */
export function useCluster(
  options: ClusterOptions | OptionsFactory = {},
  ...needs: readonly Capability[]
): ClusterFixture {
  const resolveOptions = async () => ({ seed: true, ...(typeof options === 'function' ? await options() : options) })
  const skipReason = unsupportedReason([...needs, ...(typeof options === 'function' ? [] : impliedBy(options))])
  const people: Visitor[] = []
  let cluster: Cluster | undefined
  let load: BackgroundLoad | undefined
  const running = () => cluster ?? assert.fail('the cluster is not running: use it within a scenario')
  const replicaUrls = () => running().replicas.map(({ url }) => url)
  const cookies = () => people.flatMap(({ jar }) => jar.history().flatMap(secretsIn))
  before(async () => {
    if (skipReason === undefined) cluster = await target.start(await resolveOptions())
  })
  afterEach(async (context) => {
    const files = load === undefined ? {} : { 'load.txt': load.history.text() }
    await keepArtifacts(context as TestContext, cluster, files)
    // A failed scenario has not stopped its load.
    await load?.stop()
    load = undefined
  })
  after(async () => {
    for (const visitor of people) visitor.close()
    const logs = await cluster?.logs()
    await cluster?.destroy()
    expectNoSecrets(logs ?? '', cookies())
  })
  return {
    get cluster() {
      return running()
    },
    get database() {
      return openDatabase(running().databaseUrl)
    },
    skipReason,
    supports: (capability) => target.unsupported[capability] === undefined,
    person(name, { localAddress, ...others } = {}) {
      const address: Partial<VisitorOptions> =
        localAddress === undefined ? {} : target.isBehindGateway ? { forwardedFor: localAddress } : { localAddress }
      const person = createVisitor({ name, url: running().url, ...others, ...address })
      people.push(person)
      return person
    },
    address: (entrance) => (entrance === 'through nginx' ? running().url : (replicaUrls()[0] ?? '')),
    addresses: () => [running().url, ...replicaUrls()],
    processes: () => running().replicas.map(({ pid }) => pid),
    cookies,
    async startLoad(given = {}) {
      load = await startBackgroundLoad({ url: running().url, ...given })
      return load
    },
    scenario(promise: string, ...rest: [Scenario] | [readonly Capability[], Scenario]) {
      const [own, story] = rest.length === 1 ? [[], rest[0]] : rest
      const reason = skipReason ?? unsupportedReason(own)
      test(promise, reason === undefined ? {} : { skip: reason }, async (context) => await story(context))
    },
    async stopAndStart() {
      const { folder } = running()
      await running().stop()
      cluster = await target.start({ ...(await resolveOptions()), folder })
    },
  }
}

/** The same fixture with members added or replaced; getters stay getters. */
export function extendFixture<Extra extends object>(fixture: ClusterFixture, extra: Extra): ClusterFixture & Extra {
  return Object.create(fixture, Object.getOwnPropertyDescriptors(extra)) as ClusterFixture & Extra
}

/** For tests that are the same on every target: why this one does not run them; false: it does. */
export function skipUnlessLocal(): string | false {
  return target.name === 'local' ? false : 'it is the same whatever the target, and runs with the local one'
}

/** Why the chosen target skips a scenario with these needs; undefined: it runs it. */
export function unsupportedReason(needs: readonly Capability[]): string | undefined {
  return needs.map((capability) => target.unsupported[capability]).find((reason) => reason !== undefined)
}

function impliedBy({ environment, databaseUrl }: ClusterOptions): readonly Capability[] {
  return [...(environment ? ['environment' as const] : []), ...(databaseUrl ? ['external-database' as const] : [])]
}

/** The cookie and its parts; shorter texts would match by chance. */
function secretsIn(cookie: string): readonly string[] {
  const { sid, signature } = parseCookieValue(cookie)
  return [cookie, sid, signature].filter((text) => text.length >= 16)
}

/** Fails where a log holds a cookie or a password of the cluster's visitors. */
function expectNoSecrets(logs: string, cookies: readonly string[]): void {
  const secrets = new Map([...cookies, ...PASSWORDS].map((text, number) => [`secret ${number}`, text]))
  const leaks = linesOf(logs).filter((line) => found(line, secrets).length > 0)
  assert.deepEqual(leaks.slice(0, 10), [], 'no log holds a cookie or a password')
}
