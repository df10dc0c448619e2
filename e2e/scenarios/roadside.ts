import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach } from 'node:test'
import type { ClusterOptions } from '../cluster/cluster.ts'
import { provideDatabase } from '../cluster/database.ts'
import { type Postgres, startPostgres } from '../cluster/postgres.ts'
import { openDatabase } from '../people/database.ts'
import { buildRoad, type Road } from '../people/road.ts'
import { type Stage, setStage } from './stage.ts'

/** A stage whose replicas reach their database by a road of ours. */
export interface Roadside extends Stage {
  readonly road: Road
  readonly postgres: Postgres
  /** The first replica's address. */
  readonly here: string
  /** The second one's. */
  readonly there: string
}

/** As `setStage`; `database` there looks at the tables directly. The road is open again after each scenario. */
export async function setRoadside(options: ClusterOptions = {}): Promise<Roadside> {
  const folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-road-'))
  const postgres = await startPostgres({ folder, durable: false })
  const url = await provideDatabase(postgres.url, 'shop', randomBytes(12).toString('hex'))
  const road = await buildRoad(url)
  const stage = setStage({ replicas: 2, ...options, databaseUrl: road.url })
  afterEach(async () => {
    await postgres.start()
    await road.open()
  })
  after(async () => {
    await road.cut()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    ...{ scenario: stage.scenario, person: stage.person, cookies: stage.cookies },
    ...{ crowd: stage.crowd, stopAndStart: stage.stopAndStart },
    get cluster() {
      return stage.cluster
    },
    get here() {
      return stage.cluster.replicas[0]?.url ?? ''
    },
    get there() {
      return stage.cluster.replicas[1]?.url ?? ''
    },
    database: openDatabase(url),
    road,
    postgres,
  }
}
