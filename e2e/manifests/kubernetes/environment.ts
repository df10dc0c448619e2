import type { IContainer } from 'kubernetes-models/v1/Container'
import { all, type Objects } from './objects.ts'

/** A value that only a cluster knows. */
export const MADE_LATER = 'made-in-the-cluster'

/**
 * A container's environment. Values of rendered ConfigMaps and Secrets; `MADE_LATER` for a key of a
 * Secret that is made in the cluster. A whole Secret that is not rendered adds nothing.
 */
export function environment(objects: Objects, container: IContainer): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { configMapRef, secretRef } of container.envFrom ?? [])
    Object.assign(found, dataOf(objects, configMapRef?.name) ?? dataOf(objects, secretRef?.name))
  for (const { name, value, valueFrom } of container.env ?? []) {
    const key = valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef
    if (key !== undefined) found[name] = dataOf(objects, key.name)?.[key.key] ?? MADE_LATER
    else if (valueFrom?.fieldRef?.fieldPath === 'metadata.namespace') found[name] = namespaceOf(objects)
    else found[name] = (value ?? '').replace(/\$\((\w+)\)/g, (asked, other) => found[other] ?? asked)
  }
  return found
}

function dataOf(objects: Objects, name: string | undefined): Readonly<Record<string, string>> | undefined {
  const config = all(objects, 'ConfigMap').find(({ metadata }) => metadata.name === name)
  if (config !== undefined) return config.data ?? {}
  const secret = all(objects, 'Secret').find(({ metadata }) => metadata.name === name)
  if (secret === undefined) return undefined
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, text]) => [key, decoded(text)]))
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}

function namespaceOf(objects: Objects): string {
  return all(objects, 'Namespace')[0]?.metadata.name ?? 'default'
}
