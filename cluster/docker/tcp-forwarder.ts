import { execFileSync } from 'node:child_process'
import { startTcpProxy, type TcpProxy } from '../../test-support/tcp-proxy.ts'

/**
 * Lets containers reach a database on this machine's 127.0.0.1. The URL is as containers see it.
 */
export type TcpForwarder = Pick<TcpProxy, 'url' | 'close'>

/** Forwards between Docker's own network and the database. */
export async function startTcpForwarder(databaseUrl: string): Promise<TcpForwarder> {
  return await startTcpProxy(databaseUrl, { host: gateway() })
}

/**
 * This machine's address on Docker's default bridge: containers of every network reach it, other
 * machines do not.
 */
function gateway(): string {
  const format = '{{(index .IPAM.Config 0).Gateway}}'
  return execFileSync('docker', ['network', 'inspect', 'bridge', '--format', format], { encoding: 'utf8' }).trim()
}
