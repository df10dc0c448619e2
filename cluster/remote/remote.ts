import type { Cluster } from '../cluster.ts'
import { runInherited } from '../processes/processes.ts'
import { RemoteCluster } from './remote-cluster.ts'

export interface RemoteOptions {
  /** Shell command that replaces every replica, and ends when that is done. */
  readonly restart: string | undefined
  /** Shell command that scales to $REPLICAS. */
  readonly scale: string | undefined
  /** Default: as many as answer. */
  readonly replicas: number | undefined
}

/** Any running deployment. Throws where none, or fewer replicas, answer. */
export async function startRemoteCluster(url: string, options: RemoteOptions): Promise<Cluster> {
  const cluster = new RemoteCluster(new URL(url).origin, {
    restart: () => shell('restart', options.restart, {}),
    scale: (replicas) => shell('scale', options.scale, { REPLICAS: String(replicas) }),
  })
  await cluster.meet(options.replicas)
  return cluster
}

async function shell(what: string, command: string | undefined, env: Readonly<Record<string, string>>): Promise<void> {
  if (command === undefined) throw new Error(`This deployment has no ${what} command`)
  const code = await runInherited(['sh', '-c', command], env)
  if (code !== 0) throw new Error(`The ${what} command ended with ${code}: ${command}`)
}
