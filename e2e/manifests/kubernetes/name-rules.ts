import { all, containers, type Kind, type Objects, one, type Pod, pods } from './objects.ts'
import type { Rule } from './rule.ts'
import { hosts, selects, standing } from './selection.ts'

/** Made by hand (k8s/README.md). */
const BY_HAND = 'roundhouse'

/** References between objects are correct. */
export const nameRules = {
  'every selector selects a pod': (objects) => {
    const selectors = [
      ...all(objects, 'Deployment').map((object) => [object, object.spec?.selector] as const),
      ...all(objects, 'StatefulSet').map((object) => [object, object.spec?.selector] as const),
      ...all(objects, 'Service').map((object) => [object, { matchLabels: object.spec?.selector ?? {} }] as const),
      ...all(objects, 'PodDisruptionBudget').map((object) => [object, object.spec?.selector] as const),
      ...all(objects, 'NetworkPolicy').flatMap((object) => policySelectors(object).map((at) => [object, at] as const)),
      ...all(objects, 'Deployment').flatMap((object) =>
        (object.spec?.template.spec?.topologySpreadConstraints ?? []).map((at) => [object, at.labelSelector] as const),
      ),
    ]
    return selectors
      .filter(([, selector]) => !standing(objects).some(({ labels }) => selects(selector, labels)))
      .map(([{ kind, metadata }, selector]) => `${kind} ${metadata.name}: ${JSON.stringify(selector)} selects nothing`)
  },

  'every referenced port is a port of a container': (objects) => [
    ...all(objects, 'Service').flatMap(({ metadata, spec }) =>
      (spec?.ports ?? [])
        .map(({ port, targetPort }) => targetPort ?? port)
        .filter((port) => !portsOf(objects, { matchLabels: spec?.selector ?? {} }).includes(port))
        .map((port) => `Service ${metadata.name}: no pod of its has a port ${port}`),
    ),
    ...all(objects, 'NetworkPolicy').flatMap(({ metadata, spec }) =>
      (spec?.ingress ?? [])
        .flatMap(({ ports = [] }) => ports.map(({ port = 0 }) => port))
        .filter((port) => !portsOf(objects, spec?.podSelector).includes(port))
        .map((port) => `NetworkPolicy ${metadata.name}: no pod of its has a port ${port}`),
    ),
    ...pods(objects).flatMap(unknownProbePorts),
  ],

  'every referenced Service and port exists': (objects) => {
    const known = (host: string | undefined, port: number | undefined) =>
      hosts(objects).some(({ name, ports }) => name === host && ports.includes(port ?? 0))
    return [
      ...all(objects, 'HTTPRoute')
        .flatMap(({ spec }) => (spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs))
        .filter(({ name, port }) => !known(name, port))
        .map(({ name, port }) => `HTTPRoute: there is no Service ${name} with the port ${port}`),
      ...all(objects, 'ServiceMonitor').flatMap(({ spec }) => unknownEndpoints(objects, spec)),
      ...all(objects, 'StatefulSet')
        .filter(({ spec }) => !hosts(objects).some(({ name }) => name === spec?.serviceName))
        .map(({ metadata, spec }) => `StatefulSet ${metadata.name}: there is no Service ${spec?.serviceName}`),
    ]
  },

  'every referenced ConfigMap, Secret, key, account and volume exists': (objects) =>
    pods(objects).flatMap((pod) => unknownNames(objects, pod)),

  'nginx mounts every file of its folder': (objects) => {
    const mounts = pods(objects).find(({ owner }) => owner === 'Deployment nginx')?.spec.containers[0]?.volumeMounts
    const files = Object.keys(one(objects, 'ConfigMap', 'nginx').data ?? {})
    return files
      .filter((file) => !mounts?.some(({ subPath }) => subPath === file))
      .map((file) => `${file} is not mounted`)
  },
} satisfies Readonly<Record<string, Rule>>

function policySelectors({ spec }: Kind<'NetworkPolicy'>) {
  const peers = [
    ...(spec?.ingress ?? []).flatMap((rule) => rule.from ?? []),
    ...(spec?.egress ?? []).flatMap((rule) => rule.to ?? []),
  ]
  // Objects of other namespaces are not rendered here.
  return [
    spec?.podSelector,
    ...peers.filter((peer) => !peer.namespaceSelector && !peer.ipBlock).map((peer) => peer.podSelector),
  ]
}

function portsOf(objects: Objects, selector: Parameters<typeof selects>[0]): readonly (number | string)[] {
  return standing(objects)
    .filter(({ labels }) => selects(selector, labels))
    .flatMap(({ ports }) => ports)
}

function unknownProbePorts({ owner, spec }: Pod): readonly string[] {
  return spec.containers.flatMap(({ name, ports = [], startupProbe, readinessProbe, livenessProbe }) =>
    [startupProbe, readinessProbe, livenessProbe]
      .map((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port)
      .filter((port) => port !== undefined && !ports.some((one) => one.name === port || one.containerPort === port))
      .map((port) => `${owner}: a probe asks ${name} at a port ${port}, which it has not`),
  )
}

function unknownEndpoints(objects: Objects, spec: Kind<'ServiceMonitor'>['spec']): readonly string[] {
  const services = all(objects, 'Service').filter(({ metadata }) => selects(spec?.selector, metadata.labels ?? {}))
  return (spec?.endpoints ?? [])
    .filter(({ port }) => !services.some((service) => service.spec?.ports?.some(({ name }) => name === port)))
    .map(({ port }) => `ServiceMonitor: no Service that it selects has a port ${port}`)
}

function unknownNames(objects: Objects, pod: Pod): readonly string[] {
  const volumes = pod.spec.volumes ?? []
  const claims = all(objects, 'StatefulSet').flatMap(({ spec }) => spec?.volumeClaimTemplates ?? [])
  const refs = containers(pod).flatMap(({ env = [], envFrom = [], volumeMounts = [] }) => [
    ...envFrom.map(({ configMapRef, secretRef }) =>
      configMapRef ? configMap(configMapRef.name) : secret(secretRef?.name),
    ),
    ...env.flatMap(({ valueFrom }) => [
      ...(valueFrom?.secretKeyRef ? [secret(valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.key)] : []),
      ...(valueFrom?.configMapKeyRef ? [configMap(valueFrom.configMapKeyRef.name, valueFrom.configMapKeyRef.key)] : []),
    ]),
    ...volumeMounts.flatMap(({ name, subPath }) => {
      const volume = volumes.find((one) => one.name === name)
      if (volume?.configMap) return [configMap(volume.configMap.name, subPath)]
      return volume || claims.some(({ metadata }) => metadata?.name === name) ? [] : [`there is no volume ${name}`]
    }),
  ])
  const account = pod.spec.serviceAccountName
  const unknownAccount =
    account !== undefined && !all(objects, 'ServiceAccount').some(({ metadata }) => metadata.name === account)
  return [...refs, ...(unknownAccount ? [`there is no ServiceAccount ${account}`] : [])]
    .filter((fault) => fault !== undefined)
    .map((fault) => `${pod.owner}: ${fault}`)

  function configMap(name = '', key?: string): string | undefined {
    const found = all(objects, 'ConfigMap').find(({ metadata }) => metadata.name === name)
    if (found === undefined) return `there is no ConfigMap ${name}`
    return key === undefined || found.data?.[key] !== undefined ? undefined : `ConfigMap ${name} has no ${key}`
  }

  function secret(name = '', key?: string): string | undefined {
    const found = all(objects, 'Secret').find(({ metadata }) => metadata.name === name)
    if (found !== undefined) return key === undefined || found.data?.[key] ? undefined : `Secret ${name} has no ${key}`
    // CloudNativePG makes it: the owner of the database.
    const operators = all(objects, 'Cluster').some(({ metadata }) => name === `${metadata.name}-app`)
    if (operators && /^(username|password|dbname|host|port|uri)$/.test(key ?? '')) return undefined
    return name === BY_HAND ? undefined : `there is no Secret ${name} with ${key ?? 'anything'} in it`
  }
}
