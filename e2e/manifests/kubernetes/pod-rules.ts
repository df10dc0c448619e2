import type { IContainer } from 'kubernetes-models/v1/Container'
import { all, containers, type Objects, one, type Pod, pods } from './objects.ts'
import type { Rule } from './rule.ts'
import { settings } from './setting-rules.ts'

/** Limits, security, probes, spreading and draining of each pod. */
export const podRules = {
  'every container has startup, readiness and liveness probes': (objects) =>
    pods(objects).flatMap((pod) =>
      pod.spec.containers.flatMap((container) =>
        (['startupProbe', 'readinessProbe', 'livenessProbe'] as const)
          .filter((probe) => container[probe] === undefined)
          .map((probe) => `${pod.owner}: ${container.name} has no ${probe}`),
      ),
    ),

  'every container has requests and limits': (objects) =>
    eachContainer(objects, ({ resources }) =>
      (['requests', 'limits'] as const).flatMap((kind) =>
        ['cpu', 'memory'].filter((of) => resources?.[kind]?.[of] === undefined).map((of) => `no ${kind}.${of}`),
      ),
    ),

  'no pod runs as root': (objects) =>
    pods(objects).flatMap(({ owner, spec: { securityContext } }) => [
      ...(securityContext?.runAsNonRoot === true ? [] : [`${owner}: runAsNonRoot is not true`]),
      // The kubelet cannot check a user name for runAsNonRoot, and does not start the pod.
      ...((securityContext?.runAsUser ?? 0) > 0 ? [] : [`${owner}: runAsUser is no number above 0`]),
    ]),

  'no container can write where it has no volume': (objects) =>
    eachContainer(objects, ({ securityContext }) =>
      securityContext?.readOnlyRootFilesystem === true ? [] : ['readOnlyRootFilesystem is not true'],
    ),

  'every pod meets the restricted Pod Security Standard, and the namespace enforces it': (objects) => [
    ...all(objects, 'Namespace')
      .filter(({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
      .map(({ metadata }) => `Namespace ${metadata.name} does not enforce them`),
    ...pods(objects).flatMap(unrestricted),
    ...eachContainer(objects, ({ securityContext }) => [
      ...(securityContext?.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation is not false']),
      ...(securityContext?.capabilities?.drop?.includes('ALL') ? [] : ['capabilities are not dropped']),
      ...(securityContext?.privileged || securityContext?.capabilities?.add ? ['it is given more'] : []),
    ]),
  ],

  'no pod gets an API token, or the addresses of all services as variables': (objects) =>
    pods(objects).flatMap(({ owner, spec }) => [
      ...(spec.automountServiceAccountToken === false ? [] : [`${owner}: automountServiceAccountToken is not false`]),
      ...(spec.enableServiceLinks === false ? [] : [`${owner}: enableServiceLinks is not false`]),
    ]),

  'a rolling update starts a new pod before it stops an old one': (objects) =>
    all(objects, 'Deployment').flatMap(({ metadata, spec }) => [
      ...(spec?.strategy?.rollingUpdate?.maxUnavailable === 0 ? [] : [`${metadata.name}: maxUnavailable is not 0`]),
      // nginx marks a failed replica for a second.
      ...((spec?.minReadySeconds ?? 0) >= 2 ? [] : [`${metadata.name}: minReadySeconds is below 2`]),
    ]),

  'pods of one version are spread over nodes': (objects) =>
    pods(objects)
      .filter(({ owner }) => owner.startsWith('Deployment '))
      .filter(
        ({ spec }) =>
          !spec.topologySpreadConstraints?.some(
            ({ topologyKey, matchLabelKeys }) =>
              topologyKey === 'kubernetes.io/hostname' && matchLabelKeys?.includes('pod-template-hash'),
          ),
      )
      .map(({ owner }) => `${owner}: nothing spreads it`),

  'a replica can drain before it is killed, and begins at once': (objects) => {
    const { spec } = one(objects, 'Deployment', 'app')
    const { delayMs, timeoutMs } = settings(objects).drain
    const grace = (spec?.template.spec?.terminationGracePeriodSeconds ?? 30) * 1000
    const hooks = spec?.template.spec?.containers.filter(({ lifecycle }) => lifecycle?.preStop !== undefined) ?? []
    return [
      ...(grace >= delayMs + timeoutMs + 5000
        ? []
        : [`app: killed after ${grace} ms, drains for ${delayMs + timeoutMs} ms`]),
      ...hooks.map(({ name }) => `app: a preStop of ${name} stands before the drain`),
    ]
  },
} satisfies Readonly<Record<string, Rule>>

function eachContainer(objects: Objects, faultsOf: (container: IContainer) => readonly string[]): readonly string[] {
  return pods(objects).flatMap((pod) =>
    containers(pod).flatMap((container) =>
      faultsOf(container).map((fault) => `${pod.owner}: ${container.name}: ${fault}`),
    ),
  )
}

function unrestricted({ owner, spec }: Pod): readonly string[] {
  const seccomp = spec.securityContext?.seccompProfile?.type
  const paths = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined)
  return [
    ...(seccomp === 'RuntimeDefault' ? [] : [`${owner}: seccompProfile is not RuntimeDefault`]),
    ...(spec.hostNetwork || spec.hostPID || spec.hostIPC ? [`${owner}: shares something with its node`] : []),
    ...paths.map(({ name }) => `${owner}: volume ${name} is a folder of the node`),
  ]
}
