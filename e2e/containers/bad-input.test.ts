import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { docker, inspect } from '../../cluster/docker/docker.ts'
import { waitFor } from '../../cluster/processes/wait-for.ts'
import { repository } from '../../cluster/replica-environment.ts'
import { wholeFile } from './support/cleanup.ts'
import { createDockerNetwork, type DockerNetwork, TIMEOUT_MS } from './support/docker-network.ts'
import { expectReady, look, readiness, type Stack, startStack } from './support/stack.ts'

let network: DockerNetwork
let site: Stack
const file = wholeFile()
before(async () => {
  network = await createDockerNetwork(file)
  site = await startStack(network)
  assert.equal((await site.command('migrate')).code, 0)
})

test('without settings a replica exits with 78, and names each missing one', async () => {
  const replica = await network.run({ image: site.image })
  assert.equal(await replica.ended(), 78)
  const output = await replica.logs()
  assert.match(output, /^ {2}DATABASE_URL is missing/m)
  assert.match(output, /^ {2}SESSION_SECRET is missing/m)
})

test('a missing or unreadable secret file makes a replica exit with 78, and is named', async () => {
  const env = { SESSION_SECRET: '', SESSION_SECRET_FILE: '/secrets/session-secret' }
  const replica = await site.run({ env })
  assert.equal(await replica.ended(), 78)
  assert.match(await replica.logs(), /SESSION_SECRET_FILE names a file that cannot be read \(ENOENT\)/)
})

for (const { what, address, reason } of [
  { what: 'a database that cannot be reached', address: '@nowhere.invalid/roundhouse', reason: /^database: .*nowhere/ },
  { what: 'a wrong password', address: ':wrong@', reason: /^database: password authentication failed/ },
]) {
  test(`with ${what} a replica stays unready with a reason, and a migration exits with a reason`, async () => {
    const env = { DATABASE_URL: spoilt(site.env.DATABASE_URL ?? '', address) }
    const [replica, migration] = [await site.run({ env }), await site.run({ env, command: MIGRATE })]
    const output = await waitFor('a reason', TIMEOUT_MS, async () => {
      const answer = await readiness(replica)
      return answer.reason?.startsWith('database') && answer
    })
    assert.equal(output.status, 503)
    assert.match(output.reason ?? '', reason)
    assert.match(await replica.logs(), /"msg":"replica not ready".*"reason":"database: /)
    assert.equal(await inspect(replica.name, '.State.Status'), 'running')
    assert.notEqual(await migration.ended(), 0)
    assert.match(await migration.logs(), /nowhere\.invalid|password authentication failed/)
  })
}

const MIGRATE = ['node', 'src/cli.ts', 'migrate']

/** Another server, or another password. */
function spoilt(address: string, part: string): string {
  return part.startsWith('@') ? address.replace(/@.*/, part) : address.replace(/:[^:@]*@/, part)
}

test('with an older database a replica stays unready, names what is missing, and becomes ready after the migration', async () => {
  const newest = await site.sql('DELETE FROM migration WHERE id = (SELECT max(id) FROM migration) RETURNING name')
  const replica = await site.run()
  const reason = await waitFor('a reason', TIMEOUT_MS, async () =>
    (await readiness(replica)).reason?.includes('schema'),
  )
  assert.ok(reason)
  assert.match(await replica.logs(), new RegExp(`missing: ${newest}`))
  assert.equal((await look(`http://${replica.address}:3000/shop`)).status, 503)
  await site.sql(`INSERT INTO migration (name, run_on) VALUES ('${newest}', now())`)
  await expectReady(replica)
})

test('a newer database works, and stays unchanged', async () => {
  await site.sql("INSERT INTO migration (name, run_on) VALUES ('9999_of_a_later_release', now())")
  const { code, output } = await site.command('migrate')
  assert.deepEqual({ code, output: output.trim() }, { code: 0, output: 'the schema is up to date' })
  await expectReady(await site.run())
})

test('a log that cannot be written loses lines, and nothing else', async () => {
  const full = ['sh', '-c', 'exec node src/main.ts >/dev/full 2>&1']
  const replica = await site.run({ command: full })
  await expectReady(replica)
  for (let count = 0; count < 50; count++) assert.equal((await look(`http://${replica.address}:3000/shop`)).status, 200)
  assert.equal(await inspect(replica.name, '.RestartCount'), '0')
  await docker(['stop', '--time', '60', replica.name])
  assert.equal(await replica.ended(), 0)
  const migration = await site.run({ command: ['sh', '-c', 'exec node src/cli.ts migrate >/dev/full'] })
  assert.equal(await migration.ended(), 0)
})

test('a read-only volume ends the services that need it, with the reason', async () => {
  const script = `--volume=${join(repository, 'compose/make-secrets.sh')}:/make-secrets.sh:ro`
  const command = ['sh', '/make-secrets.sh']
  const secrets = await network.run({ image: site.image, dockerArguments: ['--read-only', script], command })
  const env = { POSTGRES_PASSWORD: 'only.for.a.test' }
  const postgres = await network.run({ image: 'postgres:18', env, dockerArguments: ['--tmpfs=/var/lib/postgresql:ro'] })
  for (const container of [secrets, postgres]) {
    assert.notEqual(await container.ended(), 0)
    assert.match(await container.logs(), /Read-only file system/)
  }
})
