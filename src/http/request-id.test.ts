import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientAddresses } from './request-id.ts'

/** Client addresses as proxies write them, and the result. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  ['203.0.113.8', '203.0.113.8'],
  ['203.0.113.8:50001', '203.0.113.8'],
  ['[2001:db8::1]:50001', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25eth0]:443', 'fe80::1'],
  ['::ffff:203.0.113.8', '203.0.113.8'],
  ['::FFFF:203.0.113.8', '203.0.113.8'],
  ['"[2001:db8::1]:443"', '2001:db8::1'],
]

for (const [written, address] of ADDRESSES) {
  test(`a client written as ${written} has the address ${address}`, () => {
    assert.equal(addressOf({ ips: [written, '198.51.100.1'] }), address)
    assert.equal(addressOf({ header: written }), address)
  })
}

test("for an unreadable address the next proxy's counts, in the end the connection's, and the log says so once", () => {
  const reports: string[] = []
  const clientAddress = clientAddresses(undefined, () => reports.push('unreadable'))
  for (const nonsense of ['unknown', '_hidden', '203.0.113.8:x', '999.1.1.1', ''])
    assert.equal(clientAddress(request({ ips: [nonsense, '198.51.100.1:443'] })), '198.51.100.1')
  assert.equal(clientAddress(request({ ips: ['unknown', 'too'] })), '192.0.2.9')
  assert.deepEqual(reports, ['unreadable'])
})

test("with an unreadable header of the edge the proxies' addresses count", () => {
  assert.equal(addressOf({ header: 'unknown', ips: ['203.0.113.8:1', '198.51.100.1'] }), '203.0.113.8')
})

interface Written {
  readonly header?: string
  readonly ips?: readonly string[]
}

function addressOf(written: Written): string {
  return clientAddresses('X-Client', () => {})(request(written))
}

function request({ header, ips = [] }: Written): Parameters<ReturnType<typeof clientAddresses>>[0] {
  const socket = { remoteAddress: '192.0.2.9' }
  return { get: () => header, ip: ips[0] ?? socket.remoteAddress, ips, socket } as never
}
