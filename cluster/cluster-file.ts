import { rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { readJson, writeJson } from './json-file.ts'
import type { LocalCluster } from './local/local-cluster.ts'

/** `cluster.json` in the data folder describes the running cluster for scripts. */
export interface ClusterFile {
  /** SIGUSR2 rolls the replicas, SIGTERM drains and stops. */
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

export function writeClusterFile(cluster: LocalCluster): void {
  const replicas = cluster.replicas.map(({ name, pid, url, metricsUrl }) => ({ name, pid, url, metricsUrl }))
  const { url, databaseUrl, nginxPid } = cluster
  const description = { pid: process.pid, url, databaseUrl, nginx: { pid: nginxPid }, replicas } satisfies ClusterFile
  writeJson(fileIn(cluster.folder), description)
}

export function readClusterFile(folder: string): ClusterFile | undefined {
  return readJson<ClusterFile>(fileIn(folder))
}

export function removeClusterFile(folder: string): void {
  rmSync(fileIn(folder), { force: true })
}

function fileIn(folder: string): string {
  return join(folder, 'cluster.json')
}
