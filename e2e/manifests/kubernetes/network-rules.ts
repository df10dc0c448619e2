import { environment } from './environment.ts'
import { all, type Kind, type Labels, type Objects, one, pods } from './objects.ts'
import type { Rule } from './rule.ts'
import { hosts, selects, standing } from './selection.ts'
import { settings } from './setting-rules.ts'

/** Of a node's DNS cache, and of GKE's DNS. */
const DNS_ADDRESSES = ['169.254.20.10/32', '169.254.169.254/32']
/** Keys and directives of sticky sessions. */
const STICKY_KEY = /affinity|sessionPersistence/i
const STICKY_LINE = /^[ \t]*(sticky|ip_hash|hash)\b/m

/** Names resolve, policies allow what is needed, and no client is pinned to a replica. */
export const networkRules = {
  'no client is pinned to a replica': (objects) => {
    const found: string[] = []
    walk(objects, (key, value) => {
      if (STICKY_KEY.test(key)) found.push(key)
      const line = typeof value === 'string' ? STICKY_LINE.exec(value) : null
      if (line !== null) found.push(line[0].trim())
    })
    return found
  },

  'nginx finds the replicas by the full name of a headless Service': (objects) => {
    const [container] = one(objects, 'Deployment', 'nginx').spec?.template.spec?.containers ?? []
    const upstream = container === undefined ? '' : (environment(objects, container).UPSTREAM ?? '')
    const [, name = '', namespace, port] = /^([\w-]+)\.([\w-]+)\.svc\.cluster\.local:(\d+)$/.exec(upstream) ?? []
    const service = all(objects, 'Service').find(({ metadata }) => metadata.name === name)
    return [
      ...(service?.spec?.clusterIP === 'None' ? [] : [`${upstream} is no Service without an address`]),
      ...(service?.metadata.namespace === namespace ? [] : [`${upstream} is in another namespace`]),
      ...(service?.spec?.ports?.some((one) => one.port === Number(port)) ? [] : [`${upstream} has no such port`]),
    ]
  },

  'no request goes to a replica that is not ready': (objects) =>
    all(objects, 'Service')
      .filter(({ spec }) => spec?.publishNotReadyAddresses)
      .map(({ metadata }) => `Service ${metadata.name}: publishNotReadyAddresses`),

  'every policy selects our own pods, never the whole namespace': (objects) =>
    all(objects, 'NetworkPolicy')
      .filter(({ spec }) => selects(spec?.podSelector, {}))
      .map(({ metadata }) => `NetworkPolicy ${metadata.name} selects every pod`),

  'the application and nginx have policies, and may use DNS': (objects) =>
    ['app', 'nginx'].flatMap((name) => {
      const { labels } = podOf(objects, name)
      const kinds = policiesFor(objects, labels).flatMap(({ spec }) => spec?.policyTypes ?? [])
      const missing = ['Ingress', 'Egress'].filter((kind) => !kinds.some((one) => one === kind))
      return [...missing.map((kind) => `no policy says ${kind} of ${name}`), ...dnsViolations(objects, name, labels)]
    }),

  'policies allow every needed connection': (objects) =>
    talks(objects).flatMap(([from, host, port]) => {
      const { labels } = podOf(objects, from)
      const target = hosts(objects).find(({ name }) => name === host)
      if (target === undefined) return [`${from} asks for ${host}, which is no service's name`]
      const heard = standing(objects).filter((pod) => selects({ matchLabels: target.selector }, pod.labels))
      return heard.flatMap((pod) => [
        ...(allowed(objects, labels, pod.labels, 'egress', port) ? [] : [`${from} may not speak to ${host}`]),
        ...(allowed(objects, pod.labels, labels, 'ingress', port) ? [] : [`${host} may not be spoken to by ${from}`]),
      ])
    }),
} satisfies Readonly<Record<string, Rule>>

/** From, to, port. The operator of an external database must allow it. */
function talks(objects: Objects): readonly (readonly [string, string, number])[] {
  const { databaseUrl, migrateDatabaseUrl } = settings(objects)
  const [migrate] = podOf(objects, 'app').spec.initContainers ?? []
  const past = migrate === undefined ? undefined : environment(objects, migrate).MIGRATE_DATABASE_URL
  const databases = [databaseUrl, past ?? migrateDatabaseUrl].map((url) => new URL(url))
  return [
    ['nginx', 'app', 3000],
    ...databases
      .filter(({ hostname }) => !hostname.includes('.'))
      .map(({ hostname, port }) => ['app', hostname, Number(port || 5432)] as const),
  ]
}

function podOf(objects: Objects, name: string) {
  const pod = pods(objects).find(({ owner }) => owner === `Deployment ${name}`)
  if (pod === undefined) throw new Error(`there is no Deployment ${name}`)
  return pod
}

function policiesFor(objects: Objects, labels: Labels): readonly Kind<'NetworkPolicy'>[] {
  return all(objects, 'NetworkPolicy').filter(({ spec }) => selects(spec?.podSelector, labels))
}

/** Without a policy for this direction everything is allowed; else what one of them allows. */
function allowed(objects: Objects, of: Labels, other: Labels, way: 'ingress' | 'egress', port: number): boolean {
  const type = way === 'ingress' ? 'Ingress' : 'Egress'
  const policies = policiesFor(objects, of).filter(({ spec }) => spec?.policyTypes?.includes(type))
  if (policies.length === 0) return true
  const rules = policies.flatMap(({ spec }) =>
    way === 'ingress'
      ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
      : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports })),
  )
  return rules.some(
    ({ peers, ports }) =>
      (peers === undefined || peers.some((peer) => !peer.namespaceSelector && selects(peer.podSelector, other))) &&
      (ports === undefined || ports.some((one) => one.port === port)),
  )
}

function dnsViolations(objects: Objects, name: string, labels: Labels): readonly string[] {
  const rules = policiesFor(objects, labels).flatMap(({ spec }) => spec?.egress ?? [])
  return ['UDP', 'TCP'].flatMap((protocol) => {
    const asking = rules.filter(({ ports = [] }) =>
      ports.some((one) => one.port === 53 && (one.protocol ?? 'TCP') === protocol),
    )
    const peers = asking.flatMap(({ to = [] }) => to)
    const addresses = DNS_ADDRESSES.filter((cidr) => !peers.some(({ ipBlock }) => ipBlock?.cidr === cidr))
    const cluster = peers.some(({ namespaceSelector, podSelector }) => namespaceSelector && podSelector)
    return [
      ...addresses.map((cidr) => `${name} may not ask ${cidr} for names by ${protocol}`),
      ...(cluster ? [] : [`${name} may not ask the cluster for names by ${protocol}`]),
    ]
  })
}

function walk(value: unknown, see: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    see(key, inner)
    walk(inner, see)
  }
}
