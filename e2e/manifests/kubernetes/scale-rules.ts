import { all, type Objects, one, pods } from './objects.ts'
import type { Rule } from './rule.ts'
import { selects } from './selection.ts'
import { settings } from './setting-rules.ts'

/** Postgres' default `max_connections` and `superuser_reserved_connections`. */
const MAX_CONNECTIONS = 100
const RESERVED = 3

/** The number of replicas, and their database connections. */
export const scaleRules = {
  'the autoscaler alone sets the replicas, three at least': (objects) =>
    all(objects, 'HorizontalPodAutoscaler').flatMap(({ spec }) => {
      const target = all(objects, 'Deployment').find(({ metadata }) => metadata.name === spec?.scaleTargetRef.name)
      if (target === undefined) return [`there is no Deployment ${spec?.scaleTargetRef.name}`]
      return [
        ...(target.spec?.replicas === undefined
          ? []
          : ['each apply would reset the scale: the Deployment has replicas']),
        ...((spec?.minReplicas ?? 1) >= 3 ? [] : ['fewer than three replicas']),
      ]
    }),

  'a drained node leaves enough pods, and an unready pod does not block the drain': (objects) =>
    all(objects, 'Deployment').flatMap(({ metadata, spec }) => {
      const labels = spec?.template.metadata?.labels ?? {}
      const budget = all(objects, 'PodDisruptionBudget').find((one) => selects(one.spec?.selector, labels))
      if (budget === undefined) return [`${metadata.name} has no PodDisruptionBudget`]
      return [
        ...(budget.spec?.maxUnavailable === 1 ? [] : [`${metadata.name}: maxUnavailable is not 1`]),
        ...(budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' ? [] : [`${metadata.name}: not AlwaysAllow`]),
      ]
    }),

  'nginx has two pods': (objects) =>
    (one(objects, 'Deployment', 'nginx').spec?.replicas ?? 1) >= 2 ? [] : ['one nginx is an outage at each drain'],

  'the database has connections for all replicas and one more during a rolling update': (objects) => {
    const clients = replicasAtMost(objects) * settings(objects).poolSize
    const pooler = poolerOf(objects)
    const room = maxConnections(objects) - RESERVED
    if (pooler === undefined) return clients <= room ? [] : [`${clients} connections, where the database has ${room}`]
    const parameters = pooler.spec?.pgbouncer.parameters ?? {}
    const servers = (pooler.spec?.instances ?? 1) * Number(parameters.default_pool_size ?? 20) + surge(objects)
    return [
      // All replicas may use one pooler instance.
      ...(clients <= Number(parameters.max_client_conn ?? 100) ? [] : [`${clients} connections to one pooler`]),
      ...(servers <= room ? [] : [`${servers} connections of poolers and migrations, where the database has ${room}`]),
    ]
  },

  "the pooler supports prepared statements, and accepts the clients' settings": (objects) =>
    all(objects, 'Pooler').flatMap(({ spec }) => {
      const { max_prepared_statements: statements, ignore_startup_parameters: ignored } =
        spec?.pgbouncer.parameters ?? {}
      return [
        ...(Number(statements) > 0 ? [] : ['max_prepared_statements is not above 0']),
        ...(ignored?.split(',').includes('statement_timeout') ? [] : ['ignore_startup_parameters is not set']),
      ]
    }),

  'a committed write is on two disks, and only such a disk is promoted': (objects) =>
    all(objects, 'Cluster').flatMap(({ spec }) => {
      const { number = 0, failoverQuorum, dataDurability } = spec?.postgresql?.synchronous ?? {}
      const held = number >= 1 && failoverQuorum === true && dataDurability !== 'preferred'
      return held && (spec?.instances ?? 1) >= 3 ? [] : ['a failover may lose what was acknowledged']
    }),
} satisfies Readonly<Record<string, Rule>>

function replicasAtMost(objects: Objects): number {
  return (one(objects, 'HorizontalPodAutoscaler', 'app').spec?.maxReplicas ?? 0) + surge(objects)
}

function surge(objects: Objects): number {
  const { spec } = one(objects, 'Deployment', 'app')
  const most = one(objects, 'HorizontalPodAutoscaler', 'app').spec?.maxReplicas ?? 0
  const surplus = spec?.strategy?.rollingUpdate?.maxSurge ?? '25%'
  return typeof surplus === 'number' ? surplus : Math.ceil((Number.parseFloat(surplus) / 100) * most)
}

function poolerOf(objects: Objects) {
  const config = one(objects, 'ConfigMap', 'app').data ?? {}
  return all(objects, 'Pooler').find(({ metadata }) => metadata.name === config.PGHOST)
}

function maxConnections(objects: Objects): number {
  const [cluster] = all(objects, 'Cluster')
  if (cluster !== undefined) return Number(cluster.spec?.postgresql?.parameters?.max_connections ?? MAX_CONNECTIONS)
  const postgres = pods(objects).find(({ owner }) => owner === 'StatefulSet postgres')
  const setting = postgres?.spec.containers[0]?.args?.find((word) => word.startsWith('max_connections='))
  return Number(setting?.split('=')[1] ?? MAX_CONNECTIONS)
}
