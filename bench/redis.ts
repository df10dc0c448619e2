import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { freePort } from '../cluster/processes/ports.ts'
import { launch } from '../cluster/processes/processes.ts'
import { waitFor } from '../cluster/processes/wait-for.ts'

export interface Redis {
  readonly url: string
  readonly pid: number
  /** Commands that it has carried out. */
  commands(): Promise<number>
  stop(): Promise<void>
}

/** The machine's redis-server, on 127.0.0.1 alone, keeping nothing on disk; undefined where there is none. */
export async function startRedis(folder: string): Promise<Redis | undefined> {
  const binary = (process.env.PATH ?? '')
    .split(':')
    .map((place) => join(place, 'redis-server'))
    .find((path) => existsSync(path))
  if (binary === undefined) return undefined
  const port = await freePort()
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = launch({ command: binary, args, log: join(folder, 'redis.log') })
  await waitFor('redis-server to answer', 10_000, () => info(port).catch(() => undefined))
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.identity.pid,
    commands: async () => Number(/total_commands_processed:(\d+)/.exec(await info(port))?.[1]),
    stop: async () => void (await child.end()),
  }
}

function info(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port }, () => socket.end('INFO stats\r\nQUIT\r\n'))
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
