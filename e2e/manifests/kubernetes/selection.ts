import type { ILabelSelector } from '@kubernetes-models/apimachinery/apis/meta/v1/LabelSelector'
import { all, containers, type Labels, type Objects, pods } from './objects.ts'

/** All pods of an overlay, with those of CloudNativePG. */
export interface Standing {
  readonly owner: string
  readonly labels: Labels
  /** Number, and name if it has one. */
  readonly ports: readonly (number | string)[]
}

/** A DNS name: its pods and port. */
export interface Host {
  readonly name: string
  readonly selector: Labels
  readonly ports: readonly number[]
}

const POSTGRES = 5432

export function standing(objects: Objects): readonly Standing[] {
  const ours = pods(objects).map((pod) => ({
    owner: pod.owner,
    labels: pod.labels,
    ports: containers(pod).flatMap(({ ports = [] }) =>
      ports.flatMap(({ name, containerPort }) => (name === undefined ? [containerPort] : [containerPort, name])),
    ),
  }))
  const made = [...all(objects, 'Cluster'), ...all(objects, 'Pooler')].map((object) => ({
    owner: `${object.kind} ${object.metadata.name}`,
    labels: labelsOf(object.kind, object.metadata.name),
    ports: [POSTGRES],
  }))
  return [...ours, ...made]
}

export function hosts(objects: Objects): readonly Host[] {
  const services = all(objects, 'Service').map(({ metadata, spec }) => ({
    name: metadata.name,
    selector: spec?.selector ?? {},
    ports: (spec?.ports ?? []).map(({ port }) => port),
  }))
  const clusters = all(objects, 'Cluster').flatMap(({ kind, metadata }) =>
    ['rw', 'ro', 'r'].map((end) => ({ name: `${metadata.name}-${end}`, selector: labelsOf(kind, metadata.name) })),
  )
  const poolers = all(objects, 'Pooler').map(({ kind, metadata }) => ({
    name: metadata.name,
    selector: labelsOf(kind, metadata.name),
  }))
  return [...services, ...[...clusters, ...poolers].map((host) => ({ ...host, ports: [POSTGRES] }))]
}

/** As in Kubernetes: an empty selector selects all, a missing one none. */
export function selects(selector: ILabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return operator === 'Exists' ? value !== undefined : value === undefined
    })
  )
}

/** CloudNativePG's labels (labels_annotations.md of its documentation). */
function labelsOf(kind: string, name: string): Labels {
  return kind === 'Pooler' ? { 'cnpg.io/poolerName': name } : { 'cnpg.io/cluster': name }
}
