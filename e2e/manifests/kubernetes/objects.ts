import type { ICluster } from '@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1/Cluster'
import type { IPooler } from '@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1/Pooler'
import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute'
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { INamespace } from 'kubernetes-models/v1/Namespace'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { ISecret } from 'kubernetes-models/v1/Secret'
import type { IService } from 'kubernetes-models/v1/Service'
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount'

export type Labels = Readonly<Record<string, string>>

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels }
}

interface Kinds {
  readonly Cluster: ICluster
  readonly ConfigMap: IConfigMap
  readonly Deployment: IDeployment
  readonly HTTPRoute: IHTTPRoute
  readonly HorizontalPodAutoscaler: IHorizontalPodAutoscaler
  readonly Namespace: INamespace
  readonly NetworkPolicy: INetworkPolicy
  readonly PodDisruptionBudget: IPodDisruptionBudget
  readonly Pooler: IPooler
  readonly Secret: ISecret
  readonly Service: IService
  readonly ServiceAccount: IServiceAccount
  readonly ServiceMonitor: IServiceMonitor
  readonly StatefulSet: IStatefulSet
}

export type Objects = readonly KubernetesObject[]
/** A kind of a model, with a certain name. */
export type Kind<K extends keyof Kinds> = Kinds[K] & KubernetesObject

/** The schema tests check their shape. */
export function all<K extends keyof Kinds>(objects: Objects, kind: K): readonly Kind<K>[] {
  return objects.filter((object) => object.kind === kind) as Kind<K>[]
}

/** Ignores kustomize's hash. Throws where there is none. */
export function one<K extends keyof Kinds>(objects: Objects, kind: K, name: string): Kind<K> {
  const found = all(objects, kind).find(({ metadata }) => unhashed(metadata.name) === name || metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found
}

/** A pod template. */
export interface Pod {
  /** `Deployment app` */
  readonly owner: string
  readonly labels: Labels
  readonly spec: IPodSpec
}

export function pods(objects: Objects): readonly Pod[] {
  return [...all(objects, 'Deployment'), ...all(objects, 'StatefulSet')].map(({ kind, metadata, spec }) => {
    if (spec?.template.spec === undefined) throw new Error(`${kind} ${metadata.name} has no pod`)
    return { owner: `${kind} ${metadata.name}`, labels: spec.template.metadata?.labels ?? {}, spec: spec.template.spec }
  })
}

/** With init containers. */
export function containers({ spec }: Pod): readonly IContainer[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

/** Without kustomize's hash. */
export function unhashed(name: string): string {
  return name.replace(/-[2-9bcdfghkmt]{10}$/, '')
}
