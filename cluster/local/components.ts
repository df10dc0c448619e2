import { setTimeout as sleep } from 'node:timers/promises'
import type { Nginx } from '../nginx/nginx.ts'
import type { Postgres } from '../postgres/postgres.ts'
import { type Identity, identify } from '../processes/identity.ts'
import { ReplicaSet } from './replica-set.ts'

/** The running parts of a cluster. */
export class Components {
  postgres: Postgres | undefined
  replicaSet = new ReplicaSet(() => Promise.reject(new Error('no replica can be made yet')))
  nginx: Nginx | undefined

  /** The replicas' addresses, for nginx. */
  upstreams(): readonly string[] {
    return this.replicaSet.replicas.map(({ url }) => new URL(url).host)
  }

  /**
   * New replicas are ready before nginx knows them. nginx forgets surplus ones before they stop.
   */
  async scale(count: number): Promise<void> {
    const fresh = await this.replicaSet.grow(Math.max(count, this.replicaSet.replicas.length))
    await Promise.all(fresh.map((replica) => replica.start()))
    const surplus = this.replicaSet.shrink(count)
    await this.nginx?.setUpstreams(this.upstreams())
    await Promise.all(surplus.map((replica) => replica.stop()))
  }

  /** Stops replicas, nginx and Postgres, also after an incomplete start. */
  async stop(): Promise<void> {
    const drained = this.replicaSet.stop()
    // Replicas wait for nginx's idle connections, which nginx closes when it stops. So nginx stops
    // at once, and the replicas need not wait for its idle timeout.
    await Promise.race([drained, sleep(1_000)])
    await Promise.all([drained, this.nginx?.stop()])
    await this.postgres?.stop()
  }

  /** By name, for the clean-up after this process was killed. */
  identities(): Record<string, Identity> {
    const replicas = this.replicaSet.replicas.map(({ name, pid }) => [name, pid] as const)
    const others = [['nginx', this.nginx?.pid ?? 0] as const, ['Postgres', this.postgres?.pid ?? 0] as const]
    const all = [...replicas, ...others]
    const living = all.map(([name, pid]) => [name, pid > 0 ? identify(pid) : undefined])
    return Object.fromEntries(living.filter(([, identity]) => identity !== undefined))
  }
}
