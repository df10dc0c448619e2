import { join, relative } from 'node:path'
import process from 'node:process'
import type { ClusterFile } from '../cluster-file.ts'

/** Addresses, sign-ins and commands of a running cluster. */
export function summary(cluster: ClusterFile, folder: string): string {
  const replicas = cluster.replicas.map(({ name, url, pid }) => `${name}  ${url}  process ${pid}`)
  return [
    `  address     ${cluster.url}`,
    ...replicas.map((replica, index) => `  ${index === 0 ? 'replicas  ' : '          '}  ${replica}`),
    `  sign in as  ada@example.com or bea@example.com (customers), sten@example.com (staff)`,
    `              password: roundhouse-demo-1`,
    `  logs        ${join(shown(folder), 'logs')}, ${join(shown(folder), 'nginx')}`,
    `  scripts     ${join(shown(folder), 'cluster.json')} describes all this`,
  ].join('\n')
}

export function thingsToTry(cluster: ClusterFile): string {
  const victim = cluster.replicas[1] ?? cluster.replicas[0]
  return [
    'Three things to try:',
    `  1. Sign in at ${cluster.url}/login and reload: the foot of the page names another replica each time, and knows you.`,
    '  2. In another terminal: npm run roll. Every replica is replaced while you click on, signed in.',
    `  3. kill -9 ${victim?.pid} (${victim?.name}): the others go on, and it is started again.`,
  ].join('\n')
}

/** The folder as a relative path where that is shorter. */
export function shown(folder: string): string {
  const path = relative(process.cwd(), folder)
  return path === '' ? '.' : path.startsWith('..') ? folder : path
}
