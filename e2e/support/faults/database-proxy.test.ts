import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDatabaseProxy } from './database-proxy.ts'
import { createProtocolReader } from './postgres-protocol.ts'

const SESSION_READ = 'SELECT sess FROM "session" WHERE sid = $1'

const echo = net.createServer((socket) => void socket.on('error', () => {}).pipe(socket))
await once(echo.listen(0, '127.0.0.1'), 'listening')
const target = `postgres://127.0.0.1:${(echo.address() as net.AddressInfo).port}/shop`
after(() => echo.close())

test('The reader finds plain and prepared statements, however the bytes are split', () => {
  const reader = createProtocolReader()
  const bytes = Buffer.concat([
    startup('app-1'),
    message('Q', 'SELECT 1\0'),
    message('P', 'find\0SELECT 2\0\0\0'),
    ...[1, 2].flatMap(() => [message('B', '\0find\0\0\0\0\0\0\0'), message('E', '\0\0\0\0\0')]),
  ])
  const seen = [...bytes].flatMap((byte) => reader.read(Buffer.from([byte])))
  assert.deepEqual(seen, ['SELECT 1', 'SELECT 2', 'SELECT 2'])
  assert.equal(reader.name, 'app-1')
})

test('A pause lets the read of a session pass and holds back what one replica sends after it', async () => {
  const proxy = await startDatabaseProxy(target)
  const [one, other] = [connect(proxy.url, 'app-1'), connect(proxy.url, 'app-2')]
  const pause = proxy.pauseAfterRead('app-1')
  one.send(SESSION_READ)
  await one.received(SESSION_READ)
  one.send('SELECT held')
  await pause.reached
  other.send('SELECT free')
  await other.received('SELECT free')
  const passed = proxy.statements.map(({ statement }) => statement)
  assert.deepEqual(passed, [SESSION_READ, 'SELECT free'])
  pause.resume()
  await one.received('SELECT held')
  await proxy.close()
})

test('A blackhole holds bytes back until the proxy opens, and a closed proxy ends and refuses connections', async () => {
  const proxy = await startDatabaseProxy(target)
  const one = connect(proxy.url, 'app-1')
  proxy.blackhole()
  one.send('SELECT 1')
  await sleep(50)
  assert.deepEqual(proxy.statements, [])
  await proxy.open()
  await one.received('SELECT 1')
  const closed = once(one.socket, 'close')
  await proxy.close()
  await closed
  const refused = net.connect(Number(new URL(proxy.url).port), '127.0.0.1')
  const [error] = await once(refused, 'error')
  assert.equal(error.code, 'ECONNREFUSED')
})

/** A Postgres client of the echo server. */
function connect(url: string, name: string) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  socket.write(startup(name))
  return {
    socket,
    send: (statement: string) => void socket.write(message('Q', `${statement}\0`)),
    async received(statement: string) {
      while (!text.includes(statement)) await once(socket, 'data')
    },
  }
}

function startup(name: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0user\0shop\0application_name\0${name}\0\0`)
  return Buffer.concat([lengthOf(body), body])
}

function message(type: string, text: string): Buffer {
  const body = Buffer.from(text)
  return Buffer.concat([Buffer.from(type), lengthOf(body), body])
}

function lengthOf(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return length
}
