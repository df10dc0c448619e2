import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach } from 'node:test'
import type { ClusterOptions } from '../../../cluster/cluster.ts'
import { provideDatabase } from '../../../cluster/postgres/database.ts'
import { type Postgres, startPostgres } from '../../../cluster/postgres/postgres.ts'
import { openDatabase } from '../assertions/database.ts'
import { type ClusterFixture, useCluster } from '../fixture.ts'
import { type DatabaseProxy, startDatabaseProxy } from './database-proxy.ts'

/** A stage whose replicas reach their database by a road of ours. */
export interface ProxiedCluster extends ClusterFixture {
  readonly proxy: DatabaseProxy
  readonly postgres: Postgres
  /** The first replica's name, as the road knows it. */
  readonly first: string
  /** The first replica's address. */
  readonly here: string
  /** The second one's. */
  readonly there: string
}

interface Place {
  readonly folder: string
  readonly postgres: Postgres
  /** Past the road. */
  readonly databaseUrl: string
  readonly proxy: DatabaseProxy
}

/** As `setStage`; `database` there looks at the tables directly. The road is open again after each scenario. */
export function useClusterBehindProxy(options: ClusterOptions = {}): ProxiedCluster {
  const needs = ['external-database', 'replicas'] as const
  let place: Place | undefined
  const built = () => {
    if (place === undefined) throw new Error('there is no road yet: use it within a scenario')
    return place
  }
  const stage = useCluster(
    async () => {
      place ??= await buildPlace()
      return { replicas: 2, ...options, databaseUrl: place.proxy.url }
    },
    ...needs,
  )
  afterEach(async () => {
    await place?.postgres.start()
    await place?.proxy.open()
  })
  after(async () => {
    if (place === undefined) return
    await place.proxy.close()
    await place.postgres.stop()
    await rm(place.folder, { recursive: true, force: true })
  })
  return {
    ...{ scenario: stage.scenario, person: stage.person, cookies: stage.cookies, lacks: stage.lacks, can: stage.can },
    ...{ crowd: stage.crowd, stopAndStart: stage.stopAndStart },
    get cluster() {
      return stage.cluster
    },
    get first() {
      return stage.cluster.replicas[0]?.name ?? ''
    },
    get here() {
      return stage.cluster.replicas[0]?.url ?? ''
    },
    get there() {
      return stage.cluster.replicas[1]?.url ?? ''
    },
    get database() {
      return openDatabase(built().databaseUrl)
    },
    get proxy() {
      return built().proxy
    },
    get postgres() {
      return built().postgres
    },
  }
}

async function buildPlace(): Promise<Place> {
  const folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-road-'))
  const postgres = await startPostgres({ folder, durable: false })
  const databaseUrl = await provideDatabase(postgres.url, 'shop', randomBytes(12).toString('hex'))
  return { folder, postgres, databaseUrl, proxy: await startDatabaseProxy(databaseUrl) }
}
