import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { expect } from '../../support/actors/response.ts'
import { found, hasControl, type Line, linesOf } from '../../support/assertions/log-search.ts'
import {
  MARK,
  secretCredentials,
  sendControlCharacters,
  sendForgedCookies,
  sendPasswords,
  useWholeSite,
} from '../../support/attacks/log-poisoning.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRETS = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')] as const
const environment = { SESSION_SECRET: SECRETS.join(','), LOG_FORMAT: 'json', LOG_LEVEL: 'debug' }
const fixture = useCluster({ keepalive: 0, environment }, 'replicas', 'logs')
const { scenario, person } = fixture
/** Texts that no log may hold, by their names. */
const secrets = new Map<string, string>(SECRETS.map((secret, number) => [`session secret ${number + 1}`, secret]))
/** Postgres' log and the timeline hold nothing of clients, and are no JSON. */
const OTHER_FORMATS = /^(postgres|timeline)/
let lines: Promise<readonly Line[]> | undefined

scenario('No log holds a cookie, a password, a session id or a secret', async () => {
  const leaks = (await allLines()).flatMap((line) =>
    found(line, secrets).map((name) => `${name}, in ${line.file}: ${line.text}`),
  )
  expectNone(leaks)
})

scenario('No log holds a line break or an escape code of a client', async () => {
  const all = await allLines()
  const escaping = all.filter((line) => !OTHER_FORMATS.test(line.file) && hasControl(line))
  const forged = all.filter(({ text }) => text.trimStart().startsWith(MARK))
  expectNone([...escaping, ...forged].map(({ file, text }) => `${file}: ${JSON.stringify(text)}`))
})

scenario('Every log line is JSON with time, level, message, replica and, for a request, its id', async () => {
  const all = await allLines()
  const names = fixture.cluster.replicas.map(({ name }) => `${name}.log`)
  const product = all.filter(({ file }) => names.includes(file))
  const access = all.filter(({ file }) => file === 'access.log')
  const isEnough = product.length > 60 && (access.length > 40 || !fixture.supports('nginx'))
  assert.ok(isEnough, `${product.length} lines of replicas, ${access.length} of nginx`)
  expectNone(product.filter((line) => !isWellFormed(line)).map(({ file, text }) => `${file}: ${text}`))
  expectNone(access.filter(({ text }) => parsed(text) === undefined).map(({ text }) => text))
})

scenario("One request id is in the response, in nginx's log and in the replica's log", ['nginx'], async () => {
  const { requestId = '', replica } = expect(await person('Vic').get('/shop?secret=of-the-query'), 200)
  const ofRequest = async () => linesOf(await fixture.cluster.logs()).filter(({ text }) => text.includes(requestId))
  const logged = await waitFor(`${requestId} in both logs`, 5000, async () => {
    const files = (await ofRequest()).map(({ file }) => file)
    return files.includes(`${replica}.log`) && files.includes('access.log') && (await ofRequest())
  })
  expectNone(logged.filter(({ text }) => text.includes('of-the-query')).map(({ text }) => text))
})

/** The logs of hostile traffic over restarts, which the scenarios share. */
function allLines(): Promise<readonly Line[]> {
  lines ??= makeTraffic()
  return lines
}

async function makeTraffic(): Promise<readonly Line[]> {
  const { cluster } = fixture
  await useWholeSite(fixture, secretCredentials(secrets))
  await sendPasswords(fixture, secretCredentials(secrets))
  await sendForgedCookies(fixture, SECRETS[0])
  if (fixture.supports('postgres')) await cluster.restartPostgres('immediate')
  for (const url of fixture.addresses()) await sendControlCharacters(url)
  if (fixture.supports('restart-one')) for (const { name } of cluster.replicas) await cluster.restartReplica(name)
  await useWholeSite(fixture, secretCredentials(secrets))
  if (fixture.supports('nginx')) await cluster.restartNginx()
  for (const [number, value] of fixture.cookies().entries()) secrets.set(`cookie ${number}`, value)
  return linesOf(await cluster.logs())
}

function isWellFormed({ file, text }: Line): boolean {
  const { time, level, msg, replica, requestId, method } = parsed(text) ?? {}
  const basics = !Number.isNaN(Date.parse(String(time))) && typeof level === 'string' && typeof msg === 'string'
  return basics && `${replica}.log` === file && (method === undefined || typeof requestId === 'string')
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Fails unless there are no faults; shows the first twenty. */
function expectNone(faults: readonly string[]): void {
  assert.deepEqual(faults.slice(0, 20), [])
}
