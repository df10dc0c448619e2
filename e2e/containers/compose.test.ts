import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { docker, inspect } from '../../cluster/docker/docker.ts'
import { expectSignedIn, register, sessionOf } from '../support/actors/actions.ts'
import { createVisitor, type Visitor } from '../support/actors/visitor.ts'
import { wholeFile } from './support/cleanup.ts'
import { createTestProject, type TestProject } from './support/test-project.ts'

let project: TestProject
let ada: Visitor
let email = ''
const file = wholeFile()
before(async () => {
  project = await createTestProject(file)
  await project.up()
  ada = createVisitor({ name: 'Ada', url: project.url })
  email = (await register(ada)).email
})
after(() => ada.close())

test('one command starts three replicas behind nginx, and a sign-in on one is known on all', async () => {
  const seen = new Set<string>()
  for (let count = 0; count < 12; count++) {
    const { signedIn, replica } = await sessionOf(ada)
    assert.ok(signedIn, replica)
    seen.add(replica)
  }
  assert.equal(seen.size, 3)
  assert.equal((await project.containers('app')).length, 3)
})

test('only nginx is published, on this machine only', async () => {
  const published: string[] = []
  for (const name of await project.containers()) {
    const ports = JSON.parse(await inspect(name, 'json .HostConfig.PortBindings')) as Record<
      string,
      { HostIp: string }[]
    >
    for (const [port, bindings] of Object.entries(ports))
      for (const { HostIp } of bindings) published.push(`${HostIp} ${port}`)
  }
  assert.deepEqual(published, ['127.0.0.1 8080/tcp'])
})

test('no container can write to its root, be root, gain privileges, or fill memory, processors or the disk with its log', async () => {
  for (const name of await project.containers()) {
    const { Name, Config, HostConfig } = JSON.parse(await inspect(name, 'json .')) as Inspected
    assert.ok(HostConfig.ReadonlyRootfs, Name)
    assert.deepEqual([HostConfig.CapDrop, HostConfig.CapAdd], [['ALL'], null], Name)
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges:true'], Name)
    assert.match(Config.User, /^[1-9]\d*(:|$)/, Name)
    for (const limit of ['Memory', 'NanoCpus', 'PidsLimit'] as const)
      assert.ok(HostConfig[limit] > 0, `${Name} ${limit}`)
    assert.deepEqual(HostConfig.LogConfig, { Type: 'local', Config: { 'max-file': '3', 'max-size': '10m' } }, Name)
  }
})

interface Inspected {
  readonly Name: string
  readonly Config: { readonly User: string; readonly Env: readonly string[] }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapDrop: readonly string[]
    readonly CapAdd: readonly string[] | null
    readonly SecurityOpt: readonly string[]
    readonly Memory: number
    readonly NanoCpus: number
    readonly PidsLimit: number
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> }
  }
}

test('every service may take longer to stop than its drain takes', async () => {
  const { services } = JSON.parse(await project.compose(['config', '--format=json'])) as Configured
  const { DRAIN_DELAY, DRAIN_TIMEOUT } = services.app.environment
  const [grace, delay, drain] = [services.app.stop_grace_period, DRAIN_DELAY, DRAIN_TIMEOUT].map((text) =>
    Number.parseInt(text ?? '', 10),
  )
  assert.ok((grace ?? 0) > (delay ?? 0) + (drain ?? 0) + 5, `${grace} s for ${delay} and ${drain}`)
})

interface Configured {
  readonly services: {
    readonly app: { readonly environment: Readonly<Record<string, string>>; readonly stop_grace_period: string }
  }
}

test('secrets are made at the first start, for uid 1000 and its group only, and no variable holds them', async () => {
  const facts = 'cd /secrets && stat -c "%a %u %g %n" * && cat session-secret && echo && cat database-password'
  const [session = '', database = '', ...made] = (await project.compose(['exec', '-T', 'app', 'sh', '-c', facts]))
    .split('\n')
    .reverse()
  assert.deepEqual(made.reverse(), ['440 1000 1000 database-password', '440 1000 1000 session-secret'])
  assert.match(session, /^[0-9a-f]{64}$/)
  assert.match(database, /^[0-9a-f]{64}$/)
  assert.notEqual(session, database)
  const settings = [await project.compose(['config'])]
  for (const name of await project.containers()) settings.push(await inspect(name, 'json .'))
  for (const secret of [session, database]) assert.ok(!settings.join().includes(secret))
})

test('down and up keep every sign-in, and the secrets', async () => {
  await project.compose(['down'])
  await project.up()
  await expectSignedIn(ada, email)
})

test('over HTTPS cookies are Secure and __Host-, a browser keeps them, and plain HTTP gets none of them', async () => {
  // An operator's secret replaces the generated one, so those sessions become visitors'.
  const environment = { COOKIE_SECURE: 'true', SESSION_SECRET: 'an operator made this one: 71fe09' }
  await project.up(environment, 'nginx', 'https')
  const certificate = await project.compose(['exec', '-T', 'https', 'cat', '/tmp/tls.crt'], environment)
  assert.equal(new X509Certificate(certificate).checkHost('localhost'), 'localhost')
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate])
  const bea = createVisitor({ name: 'Bea', url: project.httpsUrl })
  const answer = await bea.post('/register', {
    name: 'Bea',
    email: 'bea@example.com',
    password: 'a lantern over water',
  })
  assert.equal(answer.status, 303, answer.text)
  assert.ok(answer.cookies.length > 0)
  for (const cookie of answer.cookies)
    assert.match(cookie, /^__Host-[a-z]+=.*; Path=\/;.*HttpOnly; Secure; SameSite=Lax(; Max-Age=\d+)?$/)
  await expectSignedIn(bea, 'bea@example.com')
  assert.equal(bea.jar.header(new URL(project.url)), undefined)
  assert.equal((await sessionOf(ada)).signedIn, false)
  bea.close()
})

test('an unreachable database ends the start with the reason in the log of migrate', async () => {
  const environment = { DATABASE_URL: 'postgres://roundhouse:wrong@postgres/roundhouse' }
  await assert.rejects(project.up(environment), /"migrate" didn't complete successfully: exit 75/)
  assert.match(
    await project.compose(['logs', 'migrate'], environment),
    /password authentication failed for user "roundhouse"/,
  )
})

test('down -v deletes the data and the secrets, and leaves nothing', async () => {
  await project.compose(['down', '--volumes'])
  const label = `--filter=label=com.docker.compose.project=${project.name}`
  for (const kind of ['volume', 'network', 'container']) assert.equal(await docker([kind, 'ls', '-q', label]), '', kind)
})
