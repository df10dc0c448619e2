import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** The host's address that all containers reach. */
const HOST = '172.17.0.1'
const A = 1
const NXDOMAIN = 3

/** One name, as a headless Service has in a cluster's DNS. */
export interface Dns {
  /** `address:port`, as nginx accepts it. */
  readonly address: string
  /** The name's addresses from now on; empty: no such name. */
  point(addresses: readonly string[]): void
  close(): void
}

/** Learns changes `delayMs` late: CoreDNS caches for the TTL, five seconds by default. */
export async function startDns(name: string, delayMs: number): Promise<Dns> {
  const socket = createSocket('udp4')
  let known: readonly string[] = []
  const learning = new Set<NodeJS.Timeout>()
  socket.on('message', (asked, { address, port }) => answer(socket, asked, name, known, address, port))
  socket.bind(0, HOST)
  await once(socket, 'listening')
  return {
    address: `${HOST}:${socket.address().port}`,
    point(addresses) {
      const timer = setTimeout(() => {
        known = addresses
        learning.delete(timer)
      }, delayMs)
      learning.add(timer)
    },
    close() {
      for (const timer of learning) clearTimeout(timer)
      socket.close()
    },
  }
}

/** RFC 1035, for messages with one question. */
function answer(socket: Socket, asked: Buffer, name: string, known: readonly string[], to: string, port: number): void {
  const { end, labels } = questionOf(asked)
  const addresses = labels === name && asked.readUInt16BE(end - 4) === A ? known : []
  const header = Buffer.from(asked.subarray(0, 12))
  header.writeUInt16BE(0x8580 | (labels === name && known.length > 0 ? 0 : NXDOMAIN), 2)
  header.writeUInt16BE(addresses.length, 6)
  header.fill(0, 8)
  const records = addresses.map((address) =>
    // The name of the question (offset 12), A, IN, five seconds, four bytes.
    Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)]),
  )
  socket.send(Buffer.concat([header, asked.subarray(12, end), ...records]), port, to)
}

function questionOf(asked: Buffer): { labels: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = asked.readUInt8(at); length > 0; length = asked.readUInt8(at)) {
    labels.push(asked.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { labels: labels.join('.').toLowerCase(), end: at + 5 }
}
