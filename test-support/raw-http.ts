import net from 'node:net'
import tls from 'node:tls'

/**
 * Sends bytes that an HTTP library would refuse. Returns what comes back until the server closes the
 * connection (as `Connection: close` requests) or is silent for two seconds.
 */
export function sendRaw(url: string, bytes: string): Promise<string> {
  const { hostname, port, protocol } = new URL(url)
  return new Promise((resolve, reject) => {
    const remote = { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
    const socket = protocol === 'https:' ? tls.connect(remote) : net.connect(remote)
    let text = ''
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.once('error', (error) => (text === '' ? reject(error) : undefined))
    socket.once('close', () => resolve(text))
    socket.write(Buffer.from(bytes, 'latin1'))
  })
}

/** The status of a raw answer; 0: none came, the connection was closed. */
export function statusOf(raw: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(raw)?.[1] ?? 0)
}
