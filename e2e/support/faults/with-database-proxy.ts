import assert from 'node:assert/strict'
import { after, afterEach } from 'node:test'
import type { ClusterOptions } from '../../../cluster/cluster.ts'
import type { Postgres } from '../../../cluster/postgres/postgres.ts'
import { describeResponse, type Response } from '../actors/response.ts'
import { openDatabase } from '../assertions/database.ts'
import { type OwnPostgres, startEmptyDatabase } from '../empty-database.ts'
import { type ClusterFixture, extendFixture, useCluster } from '../fixture.ts'
import { type DatabaseProxy, startDatabaseProxy } from './database-proxy.ts'

/** A cluster whose replicas reach their database through a proxy; `database` bypasses it. */
export interface ProxiedCluster extends ClusterFixture {
  readonly proxy: DatabaseProxy
  readonly postgres: Postgres
  /** The first replica's name, as the proxy knows it. */
  readonly first: string
  /** The first replica's address. */
  readonly here: string
  /** The second replica's address. */
  readonly there: string
  /**
   * Pauses the first replica after it has read the session for `request`, runs `meanwhile` to its
   * end, and then lets the first replica continue.
   */
  overtake<Result>(request: () => Promise<Response>, meanwhile: () => Promise<Result>): Promise<[Response, Result]>
}

/** As `useCluster`; the proxy is as at first again after each scenario. */
export function useClusterBehindProxy(options: ClusterOptions = {}): ProxiedCluster {
  let started: { readonly own: OwnPostgres; readonly proxy: DatabaseProxy } | undefined
  const running = () => started ?? assert.fail('there is no proxy yet: use it within a scenario')
  const start = async () => {
    const own = await startEmptyDatabase()
    return { own, proxy: await startDatabaseProxy(own.url) }
  }
  const fixture = useCluster(
    async () => {
      started ??= await start()
      return { replicas: 2, ...options, databaseUrl: started.proxy.url }
    },
    'external-database',
    'replicas',
  )
  afterEach(async () => {
    await started?.own.postgres.start()
    await started?.proxy.open()
  })
  after(async () => {
    await started?.proxy.close()
    await started?.own.stop()
  })
  return extendFixture(fixture, {
    get first() {
      return fixture.cluster.replicas[0]?.name ?? ''
    },
    get here() {
      return fixture.cluster.replicas[0]?.url ?? ''
    },
    get there() {
      return fixture.cluster.replicas[1]?.url ?? ''
    },
    get database() {
      return openDatabase(running().own.url)
    },
    get proxy() {
      return running().proxy
    },
    get postgres() {
      return running().own.postgres
    },
    async overtake<Result>(request: () => Promise<Response>, meanwhile: () => Promise<Result>) {
      const pause = running().proxy.pauseAfterRead(fixture.cluster.replicas[0]?.name ?? '')
      const response = request()
      const unpaused = response.then((early) => assert.fail(describeResponse(early, 'the request was not paused')))
      await Promise.race([pause.reached, unpaused])
      const result = await meanwhile().finally(pause.resume)
      return [await response, result] satisfies [Response, Result]
    },
  })
}
