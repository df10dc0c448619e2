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

/** What every rendered object has. */
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
/** A kind as its model types it, with a name for sure. */
export type Kind<K extends keyof Kinds> = Kinds[K] & KubernetesObject

/** All of one kind, in their order. That they have its shape is what the schemas are for. */
export function all<K extends keyof Kinds>(objects: Objects, kind: K): readonly Kind<K>[] {
  return objects.filter((object) => object.kind === kind) as Kind<K>[]
}

/** The one of this kind and name; kustomize's hash at its end may be left out. Throws where there is none. */
export function one<K extends keyof Kinds>(objects: Objects, kind: K, name: string): Kind<K> {
  const found = all(objects, kind).find(({ metadata }) => unhashed(metadata.name) === name || metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found
}

/** What stands for pods to come. */
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

/** Of a pod, those that run before included. */
export function containers({ spec }: Pod): readonly IContainer[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

/** Without the hash that kustomize puts behind the name of what it generated. */
export function unhashed(name: string): string {
  return name.replace(/-[2-9bcdfghkmt]{10}$/, '')
}
