import { rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { readJson, writeJson } from './json-file.ts'
import type { LocalCluster } from './local/local-cluster.ts'

/** `cluster.json` in the data folder: the running cluster, for scripts. */
export interface Description {
  /** Takes SIGUSR2 (roll) and SIGTERM (drain and stop). */
  readonly pid: number
  readonly url: string
  readonly databaseUrl: string
  readonly nginx: { readonly pid: number }
  readonly replicas: readonly {
    /** As in X-Served-By. */
    readonly name: string
    readonly pid: number
    readonly url: string
    readonly metricsUrl: string
  }[]
}

export function describe(cluster: LocalCluster): void {
  const replicas = cluster.replicas.map(({ name, pid, url, metricsUrl }) => ({ name, pid, url, metricsUrl }))
  const { url, databaseUrl, nginxPid } = cluster
  const description = { pid: process.pid, url, databaseUrl, nginx: { pid: nginxPid }, replicas } satisfies Description
  writeJson(fileIn(cluster.folder), description)
}

export function readDescription(folder: string): Description | undefined {
  return readJson<Description>(fileIn(folder))
}

export function removeDescription(folder: string): void {
  rmSync(fileIn(folder), { force: true })
}

function fileIn(folder: string): string {
  return join(folder, 'cluster.json')
}
