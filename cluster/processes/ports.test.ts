import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { freePort, isFree, nearestFree } from './ports.ts'

for (const host of ['127.0.0.1', '0.0.0.0']) {
  test(`a port with a listener on ${host} is not free`, async () => {
    const server = createServer().listen(await freePort(), host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal(await isFree(port), false)
    assert.notEqual(await nearestFree(port), port)
    server.close()
    await once(server, 'close')
    assert.equal(await isFree(port), true)
  })
}

test('free ports are outside the range of outgoing connections', async () => {
  for (let count = 0; count < 20; count++) assert.ok((await freePort()) < 32_768)
})
