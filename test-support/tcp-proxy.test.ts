import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const server = net.createServer((socket) => void socket.on('error', () => {}).pipe(socket))
await once(server.listen(0, '127.0.0.1'), 'listening')
const target = `postgres://user@127.0.0.1:${(server.address() as net.AddressInfo).port}/shop`
after(() => server.close())

test('bytes pass in their order, later where answers are delayed', async () => {
  const proxy = await startTcpProxy(target)
  assert.match(proxy.url, /^postgres:\/\/user@127\.0\.0\.1:\d+\/shop$/)
  const socket = await connectTo(proxy)
  const received = proxy.received('one')
  socket.write('one')
  await received
  assert.equal(String((await once(socket, 'data'))[0]), 'one')
  proxy.delayAnswers(200)
  const start = performance.now()
  socket.write('two')
  assert.equal(String((await once(socket, 'data'))[0]), 'two')
  assert.ok(performance.now() - start > 190)
  await proxy.close()
})

test('a reset ends every connection', async () => {
  const proxy = await startTcpProxy(target)
  const ended: string[] = []
  const [one, two] = [await connectTo(proxy), await connectTo(proxy)]
  for (const [name, socket] of Object.entries({ one, two })) {
    socket.on('error', (error: NodeJS.ErrnoException) => ended.push(`${name} ${error.code}`))
    socket.write(name)
    await once(socket, 'data')
  }
  const closed = Promise.all([one, two].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  proxy.reset()
  await closed
  assert.deepEqual(ended.sort(), ['one ECONNRESET', 'two ECONNRESET'])
  await proxy.close()
})

test('a connection that the server refuses is reset', async () => {
  const gone = net.createServer()
  await once(gone.listen(0, '127.0.0.1'), 'listening')
  const { port } = gone.address() as net.AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  const proxy = await startTcpProxy(`postgres://127.0.0.1:${port}/shop`)
  const [error] = await once(await connectTo(proxy), 'error')
  assert.equal(error.code, 'ECONNRESET')
  await proxy.close()
})

async function connectTo({ url }: TcpProxy): Promise<net.Socket> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}
