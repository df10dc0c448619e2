import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { expect } from '../../support/actors/response.ts'
import { found, hasControl, type Line, linesOf } from '../../support/assertions/log-search.ts'
import {
  everythingOnce,
  forgedCookies,
  MARK,
  remembered,
  writersIntoLogs,
  wrongPasswords,
} from '../../support/attacks/log-poisoning.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRETS = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')] as const
const stage = useCluster(
  {
    keepalive: 0,
    environment: { SESSION_SECRET: SECRETS.join(','), LOG_FORMAT: 'json', LOG_LEVEL: 'debug' },
  },
  'replicas',
  'logs',
)
const { scenario, person } = stage
/** What must not be found in any log, by what it is. */
const secrets = new Map<string, string>(SECRETS.map((secret, number) => [`session secret ${number + 1}`, secret]))
let run: Promise<readonly Line[]> | undefined

scenario('no log holds a cookie, a password, a session id or a secret', async () => {
  const lines = await logged()
  expectNone(lines.flatMap((line) => found(line, secrets).map((what) => `${what}, in ${line.file}: ${line.text}`)))
})

scenario('no log holds a line break or an escape code that a client sent', async () => {
  const lines = await logged()
  const acting = lines.filter((line) => !FORMS_OF_THEIR_OWN.test(line.file) && hasControl(line))
  const forged = lines.filter(({ text }) => text.trimStart().startsWith(MARK))
  expectNone([...acting, ...forged].map(({ file, text }) => `${file}: ${JSON.stringify(text)}`))
})

scenario('every line is JSON with time, level, message and replica; those of a request carry its id', async () => {
  const lines = await logged()
  const names = stage.cluster.replicas.map(({ name }) => `${name}.log`)
  const ours = lines.filter(({ file }) => names.includes(file))
  const access = lines.filter(({ file }) => file === 'access.log')
  const enough = ours.length > 60 && (access.length > 40 || !stage.can('nginx'))
  assert.ok(enough, `${ours.length} lines of replicas, ${access.length} of nginx`)
  expectNone(ours.filter((line) => !wellFormed(line)).map(({ file, text }) => `${file}: ${text}`))
  expectNone(access.filter(({ text }) => parsed(text) === undefined).map(({ text }) => text))
})

scenario('one request id is in the answer, in the log of nginx and in that of the replica', ['nginx'], async () => {
  const { requestId = '', replica } = expect(await person('Vic').get('/shop?secret=of-the-query'), 200)
  const own = async () => linesOf(await stage.cluster.logs()).filter(({ text }) => text.includes(requestId))
  const lines = await waitFor(`${requestId} in both logs`, 5000, async () => {
    const files = (await own()).map(({ file }) => file)
    return files.includes(`${replica}.log`) && files.includes('access.log') && (await own())
  })
  expectNone(lines.filter(({ text }) => text.includes('of-the-query')).map(({ text }) => text))
})

/** Everything that was logged while all kinds of requests were made, and parts restarted; made once for all scenarios. */
function logged(): Promise<readonly Line[]> {
  run ??= makeTraffic()
  return run
}

async function makeTraffic(): Promise<readonly Line[]> {
  const { cluster } = stage
  await everythingOnce(stage, remembered(secrets))
  await wrongPasswords(stage, remembered(secrets))
  await forgedCookies(stage, SECRETS[0])
  if (stage.can('postgres')) await cluster.restartPostgres('immediate')
  for (const url of [cluster.url, ...cluster.replicas.map((replica) => replica.url)]) await writersIntoLogs(url)
  if (stage.can('restart-one')) for (const { name } of cluster.replicas) await cluster.restartReplica(name)
  await everythingOnce(stage, remembered(secrets))
  if (stage.can('nginx')) await cluster.restartNginx()
  for (const [number, value] of stage.cookies().entries()) secrets.set(`cookie ${number}`, value)
  return linesOf(await cluster.logs())
}

/** Postgres' log and the timeline hold nothing of clients, and are no JSON. */
const FORMS_OF_THEIR_OWN = /^(postgres|timeline)/

function wellFormed({ file, text }: Line): boolean {
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

/** Fails unless there are none, showing the first twenty. */
function expectNone(faults: readonly string[]): void {
  assert.deepEqual(faults.slice(0, 20), [])
}
