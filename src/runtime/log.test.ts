import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { createAccessLog } from './access-log.ts'
import { withRequestId } from './current-request-id.ts'
import { createLog, type LogFormat } from './log.ts'

test('an event is one line of JSON with time, level, msg and replica', async () => {
  const { log, lines } = collecting('json')
  log.info('session revoked', { account: 'a1' })
  await log.close()
  const { time, ...rest } = JSON.parse(lines.join(''))
  assert.ok(!Number.isNaN(Date.parse(time)))
  assert.deepEqual(rest, { level: 'info', msg: 'session revoked', replica: 'app-1', account: 'a1' })
})

test('log lines of a request carry its id, also after an await', async () => {
  const { log, lines } = collecting('json')
  await withRequestId('req-12345678', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    log.info('basket changed')
  })
  log.info('replica ready')
  await log.close()
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).requestId),
    ['req-12345678', undefined],
  )
})

test('an error is logged with its stack, code and cause, and none of its other properties', async () => {
  const { log, lines } = collecting('json')
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', password: 'hunter2' })
  log.error('request failed', { error: new Error('no answer', { cause }) })
  await log.close()
  const { error } = JSON.parse(lines.join(''))
  assert.equal(error.message, 'no answer')
  assert.match(error.stack, /log\.test\.ts/)
  assert.equal(error.cause.code, 'ECONNREFUSED')
  assert.doesNotMatch(lines.join(''), /hunter2/)
})

test("a client's line breaks and escape codes have no effect, in either format", async () => {
  for (const format of ['json', 'text'] as const) {
    const { log, lines } = collecting(format)
    log.warn('sign-in failed', { agent: 'x\n{"level":"error"}\u001b[31m\u009b31m\u2028y' })
    await log.close()
    assert.equal(lines.join('').split('\n').length, 2)
    for (const character of ['\u001b', '\u009b', '\u2028']) assert.ok(!lines.join('').includes(character))
    if (format === 'json') assert.match(JSON.parse(lines.join('')).agent, /\u009b31m\u2028y$/)
  }
})

test('a broken stream loses log lines, not the process', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left on device')) })
  const log = createLog({ level: 'info', format: 'json', replica: 'app-1', stream })
  log.info('replica ready')
  log.info('still here')
  await log.close()
})

test('a response is one line in the same format: the path without its query, no header', async () => {
  const lines: string[] = []
  const accessLog = createAccessLog({ level: 'info', format: 'json', replica: 'app-1', stream: collect(lines) })
  const server = createServer((req, res) => {
    Object.assign(req, { id: 'req-12345678' })
    accessLog(req, res, () => res.end('ok'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await fetch(`http://127.0.0.1:${port}/login?next=secret`, { headers: { cookie: 'sid=secret' } })
  await fetch(`http://127.0.0.1:${port}/livez`)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(lines.length, 1)
  const { time, durationMs, ...rest } = JSON.parse(lines.join(''))
  assert.ok(!Number.isNaN(Date.parse(time)))
  assert.equal(typeof durationMs, 'number')
  const expected = { level: 'info', msg: 'request answered', replica: 'app-1', requestId: 'req-12345678' }
  assert.deepEqual(rest, { ...expected, method: 'GET', path: '/login', status: 200 })
})

function collecting(format: LogFormat) {
  const lines: string[] = []
  return { lines, log: createLog({ level: 'info', format, replica: 'app-1', stream: collect(lines) }) }
}

function collect(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      if (chunk.length > 0) lines.push(String(chunk))
      done()
    },
  })
}
