import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { startDatabaseProxy } from './database-proxy.ts'
import { createProtocolReader } from './postgres-protocol.ts'

const server = net.createServer((socket) => void socket.on('error', () => {}).pipe(socket))
await once(server.listen(0, '127.0.0.1'), 'listening')
const far = `postgres://127.0.0.1:${(server.address() as net.AddressInfo).port}/shop`
after(() => server.close())

test('statements are read off the wire, prepared ones by their text, however the bytes are cut', () => {
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

test('a gate lets the read of a session through and holds what comes after it, of this replica alone', async () => {
  const road = await startDatabaseProxy(far)
  const [one, other] = [await traveller(road.url, 'app-1'), await traveller(road.url, 'app-2')]
  const gate = road.pauseAfterRead('app-1')
  one.say(READ)
  await one.heard(READ)
  one.say('SELECT held')
  await gate.reached
  other.say('SELECT free')
  await other.heard('SELECT free')
  assert.deepEqual(
    road.statements.map(({ statement }) => statement),
    [READ, 'SELECT free'],
  )
  gate.open()
  await one.heard('SELECT held')
  await road.close()
})

test('in silence nothing comes through, and it arrives afterwards; who is cut off is told at once', async () => {
  const road = await startDatabaseProxy(far)
  const one = await traveller(road.url, 'app-1')
  road.blackhole()
  one.say('SELECT 1')
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(road.statements, [])
  await road.open()
  await one.heard('SELECT 1')
  const closed = once(one.socket, 'close')
  await road.close()
  await closed
  const refused = net.connect(Number(new URL(road.url).port), '127.0.0.1')
  const [error] = await once(refused, 'error')
  assert.equal(error.code, 'ECONNREFUSED')
})

const READ = 'SELECT sess FROM "session" WHERE sid = $1'

/** Somebody who speaks Postgres' language to an echo. */
async function traveller(url: string, name: string) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  socket.write(startup(name))
  return {
    socket,
    say: (statement: string) => void socket.write(message('Q', `${statement}\0`)),
    async heard(words: string) {
      while (!text.includes(words)) await once(socket, 'data')
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
