import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { ClusterOptions } from '../cluster.ts'
import { type Say, step } from '../commands/progress.ts'
import { Premises } from '../context.ts'
import { findNginx, startNginx } from '../nginx/nginx.ts'
import { provideDatabase } from '../postgres/database.ts'
import { startPostgres } from '../postgres/postgres.ts'
import { endTenure, takeTenure } from '../processes/lock-file.ts'
import { endLeftovers, forgetProcesses, noteProcesses } from '../processes/orphans.ts'
import { freePort, nearestFree } from '../processes/ports.ts'
import { repository } from '../replica-environment.ts'
import { keptSecret } from '../secret.ts'
import { Parts } from './components.ts'
import { LocalCluster } from './local-cluster.ts'
import { LocalReplica } from './replica.ts'
import { Fleet } from './replica-set.ts'

export interface LocalOptions extends ClusterOptions {
  /** Run in the place of src/main.ts and src/cli.ts; paths from the root of the repository. */
  readonly server?: string
  readonly cli?: string
  /** Heed `.env`, and the database that DATABASE_URL names there or in the environment. Default false. */
  readonly personal?: boolean
  /** Its own Postgres survives a power cut. Default false: quicker. */
  readonly durable?: boolean
  /** Where `port` is taken, use the next free one and say so. Default false: an error. */
  readonly anyPort?: boolean
  /** Milliseconds between one replica's readiness and the next one's end while rolling. Default 2000. */
  readonly pause?: number
  /** Told what happens to replicas after the start. Default: nobody is. */
  readonly event?: Say
  /** Called when one part has become another process, `replicas` and `nginxPid` being current. */
  readonly changed?: () => void
}

/** Starts Postgres, replicas and nginx on this machine. Throws Occupied where one runs in the folder already, else with the reason. */
export async function startLocalCluster(options: LocalOptions = {}): Promise<LocalCluster> {
  const folder = options.folder === undefined ? await temporaryFolder() : resolve(options.folder)
  takeTenure(folder)
  const parts = new Parts()
  try {
    return await start(folder, options, parts)
  } catch (fault) {
    await parts.stop()
    forgetProcesses(folder)
    endTenure(folder)
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    throw fault
  }
}

async function start(folder: string, options: LocalOptions, parts: Parts): Promise<LocalCluster> {
  const say: Say = (line) => options.say?.(line)
  await endFormer(folder, say)
  const port = await choosePort(options, say)
  const premises = new Premises({ folder, given: options.environment, personal: options.personal, cli: options.cli })
  premises.note('the cluster starts')
  const binary = await findNginx((line) => say(`  ${line}`))
  await step(
    say,
    () => provide(premises, options, parts),
    (told) => told,
  )
  await step(
    say,
    () => premises.chore('migrate'),
    () => 'Schema is up to date',
  )

  const changed = () => {
    noteProcesses(folder, parts.identities())
    options.changed?.()
  }
  parts.fleet = await makeFleet(premises, options, changed)
  await Promise.all([startFleet(parts, say), seed(premises, options, say)])
  parts.nginx = await step(
    say,
    () => front(binary, premises, options, parts, port),
    ({ url }) => `nginx on ${url}`,
  )
  changed()
  premises.note('the cluster is ready')
  return new LocalCluster(premises, parts, changed)
}

async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-'))
}

async function endFormer(folder: string, say: Say): Promise<void> {
  const names = await endLeftovers(folder)
  if (names.length > 0) say(`  Ended what a killed run had left here: ${names.join(', ')}`)
}

async function provide(premises: Premises, options: LocalOptions, parts: Parts): Promise<string> {
  premises.ownDatabase = options.databaseUrl
  const given = options.databaseUrl ?? (options.personal ? premises.settings.person.DATABASE_URL : undefined)
  if (given) return `Database ${nameOf(given)} (DATABASE_URL)`
  const settings = {
    folder: premises.path('postgres'),
    log: premises.log('postgres'),
    durable: options.durable ?? false,
  }
  const postgres = await startPostgres(settings)
  parts.postgres = postgres
  const password = keptSecret(premises.path('secrets', 'database'))
  premises.ownDatabase = await provideDatabase(postgres.url, 'roundhouse', password)
  const remark = postgres.note === undefined ? '' : `, ${postgres.note}`
  const former = postgres.tookOver ? ' (the one of a killed run was ended)' : ''
  return `Postgres ${postgres.version} on port ${postgres.port}${remark}${former}`
}

function nameOf(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'of a strange address'
  const { hostname, port, pathname } = new URL(databaseUrl)
  return `${pathname.slice(1)} on ${hostname}${port === '' ? '' : `:${port}`}`
}

async function makeFleet(premises: Premises, options: LocalOptions, changed: () => void): Promise<Fleet> {
  const count = options.replicas ?? Number(process.env.E2E_REPLICAS ?? 3)
  const say = (line: string) => {
    premises.note(line)
    options.event?.(line)
  }
  const make = async (name: string) => {
    const [port, metricsPort] = [await freePort(), await freePort()]
    const own = { REPLICA: name, PORT: String(port), METRICS_PORT: String(metricsPort) }
    const command = [process.execPath, options.server ?? 'src/main.ts']
    const environment = () => premises.environment(own)
    const place = { cwd: repository, log: premises.log(name) }
    return new LocalReplica({ name, port, metricsPort, command, environment, say, changed, ...place })
  }
  const fleet = new Fleet(make, options.pause)
  await fleet.grow(count)
  return fleet
}

async function startFleet(parts: Parts, say: Say): Promise<void> {
  const told = () => parts.fleet.replicas.map(({ name, url }) => `${name} (${new URL(url).port})`).join(', ')
  await step(say, () => parts.fleet.start(), told)
}

async function seed(premises: Premises, options: LocalOptions, say: Say): Promise<void> {
  if (!options.seed) return
  const hostname = URL.parse(premises.databaseUrl)?.hostname ?? ''
  // People with a password that everybody knows: not into a database that others may reach.
  if (premises.ownDatabase === undefined && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|)$/.test(hostname)) {
    say(`  No demo people: the database is on ${hostname} (npm run seed adds them)`)
    return
  }
  await step(
    say,
    () => premises.chore('seed'),
    () => 'Demo people and products',
  )
}

async function choosePort({ port: wanted, anyPort }: LocalOptions, say: Say): Promise<number> {
  if (!wanted) return await freePort()
  const port = anyPort ? await nearestFree(wanted) : wanted
  if (port !== wanted) say(`  Port ${wanted} is taken: using ${port}`)
  return port
}

async function front(binary: string, premises: Premises, options: LocalOptions, parts: Parts, port: number) {
  return await startNginx({
    binary,
    folder: premises.path('nginx'),
    port,
    upstreams: parts.upstreams(),
    ...(options.keepalive === undefined ? {} : { keepalive: options.keepalive }),
  })
}
