import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { docker, dockerEnvironment } from '../../cluster/docker/docker.ts'
import { capture } from '../../cluster/processes/processes.ts'
import { repository } from '../../cluster/replica-environment.ts'
import { expectSignedIn, expectVisitor, register } from '../support/actors/actions.ts'
import { createVisitor, type Visitor } from '../support/actors/visitor.ts'
import { wholeFile } from './support/cleanup.ts'
import { rollCompose } from './support/compose-roll.ts'
import { createDockerNetwork } from './support/docker-network.ts'
import { createTestProject, type TestProject } from './support/test-project.ts'

type Environment = Readonly<Record<string, string>>

let folder = ''
let project: TestProject
let ada: Visitor
let bea: Visitor
let adas = ''
let beas = ''
const file = wholeFile()
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roundhouse-day-after-'))
  project = await createTestProject(file)
  await project.up()
  ada = createVisitor({ name: 'Ada', url: project.url })
  bea = createVisitor({ name: 'Bea', url: project.url })
  adas = (await register(ada)).email
})
after(async () => {
  ada.close()
  bea.close()
  await rm(folder, { recursive: true, force: true })
})

test('a backup restores the accounts of its time, and no later ones', async () => {
  await follow('back up')
  await register(bea)
  await follow('restore')
  await expectSignedIn(ada, adas)
  await expectVisitor(bea)
})

test('moving to another Postgres with an empty volume keeps every sign-in', async () => {
  await follow('back up')
  await follow('Postgres’ next major version')
  assert.equal(await sql("SELECT to_regclass('session') IS NULL"), 't')
  await follow('restore')
  await expectSignedIn(ada, adas)
})

test("the generated secret is replaced by an operator's, and active users stay signed in", async () => {
  beas = (await register(bea)).email
  // One replica is enough.
  await project.compose(['up', '--detach', '--no-recreate', '--scale=app=1', 'app'])
  const [reading = ''] = commandsTo('change the secret').filter((command) => command.includes('session-secret'))
  const made = await run(reading)
  const own = 'an operator made this one: 0d1c5b'
  const roll = (environment: Environment) =>
    rollCompose({ ...project.environment, ...environment }, join(folder, 'roll.log'))
  for (const secret of [`${made},${own}`, `${own},${made}`]) {
    await roll({ SESSION_SECRET: secret })
    await expectSignedIn(ada, adas)
  }
  await roll({ SESSION_SECRET: own })
  await expectSignedIn(ada, adas)
  // Her cookie has the old secret: she did not visit meanwhile.
  await expectVisitor(bea)
  await roll({})
  await expectSignedIn(bea, beas)
})

test("a managed database replaces the project's own, which then idles", async (t) => {
  const network = await createDockerNetwork(t)
  const managed = await network.run({
    image: 'postgres:18',
    env: { POSTGRES_USER: 'shop', POSTGRES_PASSWORD: 'kept elsewhere' },
    dockerArguments: [],
  })
  await docker(['network', 'connect', '--alias=managed', `${project.name}_web`, managed.name])
  const environment = { DATABASE_URL: 'postgres://shop:kept%20elsewhere@managed/shop' }
  const before = await sql('SELECT count(*) FROM account')
  await follow('use a managed database instead', environment)
  const cas = createVisitor({ name: 'Cas', url: project.url })
  t.after(() => cas.close())
  await expectSignedIn(cas, (await register(cas)).email)
  assert.equal(await sql('SELECT count(*) FROM account'), before)
  await project.up()
  await expectSignedIn(bea, beas)
})

/** Runs the commands that docs/compose.md names for this purpose. */
async function follow(what: string, environment?: Environment): Promise<void> {
  for (const command of commandsTo(what)) await run(command, environment)
}

/**
 * The commands of a row of the day-after table in docs/compose.md. Only the names of the volume and
 * the dump differ.
 */
function commandsTo(what: string): string[] {
  const document = readFileSync(join(repository, 'docs/compose.md'), 'utf8').replaceAll("'", '’')
  const [row = assert.fail(`docs/compose.md has no row "${what}"`)] = document
    .split('\n')
    .filter((line) => line.startsWith(`| ${what} |`))
  const commands = [...row.matchAll(/`(docker [^`]+)`/g)].map(([, command = '']) => command)
  assert.ok(commands.length > 0, row)
  return commands.map((command) =>
    command
      .replace('roundhouse_postgres', `${project.name}_postgres`)
      .replace('roundhouse.dump', `${folder}/roundhouse.dump`),
  )
}

async function run(command: string, environment: Environment = {}): Promise<string> {
  const env = { ...dockerEnvironment(), ...project.environment, ...environment }
  return (await capture('sh', ['-c', command], { env })).stdout.trim()
}

/** A query on the project's own database. */
async function sql(statement: string): Promise<string> {
  const [psql = ''] = commandsTo('look into the database')
  return await run(`${psql.replace('exec', 'exec -T')} -Atc "${statement}"`)
}
