import { setTimeout as sleep } from 'node:timers/promises'
import type { Nginx } from '../nginx/nginx.ts'
import type { Postgres } from '../postgres/postgres.ts'
import { type Identity, identify } from '../processes/identity.ts'
import { ReplicaSet } from './replica-set.ts'

/** What runs of a cluster. */
export class Components {
  postgres: Postgres | undefined
  replicaSet = new ReplicaSet(() => Promise.reject(new Error('no replica can be made yet')))
  nginx: Nginx | undefined

  /** The round, as nginx should know it. */
  upstreams(): readonly string[] {
    return this.replicaSet.replicas.map(({ url }) => new URL(url).host)
  }

  /** More replicas, or fewer: new ones are ready before nginx knows them, and those that leave do so after it has forgotten them. */
  async scale(count: number): Promise<void> {
    const fresh = await this.replicaSet.grow(Math.max(count, this.replicaSet.replicas.length))
    await Promise.all(fresh.map((replica) => replica.start()))
    const surplus = this.replicaSet.shrink(count)
    await this.nginx?.setUpstreams(this.upstreams())
    await Promise.all(surplus.map((replica) => replica.stop()))
  }

  /** Replicas, nginx, Postgres, in this order. Does what there is to do, however far the start had come. */
  async stop(): Promise<void> {
    const drained = this.replicaSet.stop()
    // Replicas leave when nginx has closed its idle connections to them, which it does at once when it is asked to end:
    // from then on they need not wait for it to grow tired of them.
    await Promise.race([drained, sleep(1_000)])
    await Promise.all([drained, this.nginx?.stop()])
    await this.postgres?.stop()
  }

  /** By name, for whoever has to end them after we were killed. */
  identities(): Record<string, Identity> {
    const replicas = this.replicaSet.replicas.map(({ name, pid }) => [name, pid] as const)
    const others = [['nginx', this.nginx?.pid ?? 0] as const, ['Postgres', this.postgres?.pid ?? 0] as const]
    const all = [...replicas, ...others]
    const living = all.map(([name, pid]) => [name, pid > 0 ? identify(pid) : undefined])
    return Object.fromEntries(living.filter(([, identity]) => identity !== undefined))
  }
}
