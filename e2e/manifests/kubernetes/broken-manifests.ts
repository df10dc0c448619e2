import type { Promised } from './rules.ts'

/**
 * An object, the path to one of its fields (a name selects a list entry), and the new value;
 * without one the field is removed.
 */
export type Break = readonly [kind: string, name: string, path: string, value?: unknown]

const POD = 'spec template spec'
const FIRST = `${POD} containers 0`

/** For each rule, changes to a rendered object that break it. */
export const BREAKS: Readonly<Record<Promised, readonly Break[]>> = {
  'every container has startup, readiness and liveness probes': [
    ['Deployment', 'app', `${FIRST} readinessProbe`],
    ['Deployment', 'nginx', `${FIRST} startupProbe`],
    ['StatefulSet', 'postgres', `${FIRST} livenessProbe`],
  ],
  'every container has requests and limits': [
    ['Deployment', 'app', `${FIRST} resources limits memory`],
    ['Deployment', 'app', `${POD} initContainers 0 resources`],
  ],
  'no pod runs as root': [
    ['Deployment', 'app', `${POD} securityContext runAsNonRoot`],
    ['Deployment', 'nginx', `${POD} securityContext runAsUser`],
    ['StatefulSet', 'postgres', `${POD} securityContext runAsUser`, 0],
  ],
  'no container can write where it has no volume': [
    ['Deployment', 'nginx', `${FIRST} securityContext readOnlyRootFilesystem`, false],
  ],
  'every pod meets the restricted Pod Security Standard, and the namespace enforces it': [
    ['Deployment', 'app', `${FIRST} securityContext capabilities`, { add: ['NET_ADMIN'] }],
    ['Deployment', 'app', `${POD} securityContext seccompProfile`],
    ['Deployment', 'app', `${POD} hostNetwork`, true],
    ['Namespace', 'roundhouse', 'metadata labels', {}],
  ],
  'no pod gets an API token, or the addresses of all services as variables': [
    ['Deployment', 'app', `${POD} automountServiceAccountToken`],
    ['Deployment', 'nginx', `${POD} enableServiceLinks`, true],
  ],
  'a rolling update starts a new pod before it stops an old one': [
    ['Deployment', 'app', 'spec strategy rollingUpdate maxUnavailable', 1],
    ['Deployment', 'app', 'spec minReadySeconds', 0],
  ],
  'pods of one version are spread over nodes': [
    ['Deployment', 'nginx', `${POD} topologySpreadConstraints`],
    ['Deployment', 'app', `${POD} topologySpreadConstraints 0 matchLabelKeys`],
  ],
  'a replica can drain before it is killed, and begins at once': [
    ['Deployment', 'app', `${POD} terminationGracePeriodSeconds`, 25],
    ['ConfigMap', 'app', 'data DRAIN_TIMEOUT', '60s'],
    ['Deployment', 'app', `${FIRST} lifecycle`, { preStop: { sleep: { seconds: 5 } } }],
  ],
  'a replica knows all its variables': [['ConfigMap', 'app', 'data DRAIN_DELY', '5s']],
  'a replica starts with its settings': [
    ['ConfigMap', 'app', 'data POOL_SIZE', 'ten'],
    ['ConfigMap', 'app', 'data TRUST_PROXY', '0'],
  ],
  'the migration has the settings of a replica': [['Deployment', 'app', `${POD} initContainers 0 envFrom`, []]],
  'nginx knows all its variables': [['Deployment', 'nginx', `${FIRST} env RESOLVER_OPTIONS name`, 'RESOLVE_OPTIONS']],
  'every image has a tag': [
    ['Deployment', 'app', `${FIRST} image`, 'roundhouse:latest'],
    ['Cluster', 'postgres', 'spec imageName', 'ghcr.io/cloudnative-pg/postgresql'],
  ],
  'every selector selects a pod': [
    ['Deployment', 'app', 'spec selector matchLabels', { 'app.kubernetes.io/name': 'other' }],
    ['Service', 'app', 'spec selector', { 'app.kubernetes.io/name': 'application' }],
    ['PodDisruptionBudget', 'postgres-pooler', 'spec selector matchLabels', { 'cnpg.io/poolerName': 'pooler' }],
    ['NetworkPolicy', 'app', 'spec ingress 0 from 0 podSelector', { matchLabels: { app: 'nginx' } }],
  ],
  'every referenced port is a port of a container': [
    ['Service', 'nginx', 'spec ports 0 targetPort', 'web'],
    ['Deployment', 'nginx', `${FIRST} readinessProbe tcpSocket port`, 80],
    ['NetworkPolicy', 'nginx', 'spec ingress 0 ports 0 port', 80],
  ],
  'every referenced Service and port exists': [
    ['HTTPRoute', 'nginx', 'spec rules 0 backendRefs 0 port', 8080],
    ['ServiceMonitor', 'app', 'spec endpoints 0 port', 'prometheus'],
    ['StatefulSet', 'postgres', 'spec serviceName', 'database'],
  ],
  'every referenced ConfigMap, Secret, key, account and volume exists': [
    ['Deployment', 'app', `${FIRST} envFrom 0 configMapRef name`, 'app'],
    ['Deployment', 'app', `${POD} serviceAccountName`, 'application'],
    ['Deployment', 'nginx', `${POD} volumes`, []],
    ['Deployment', 'nginx', `${FIRST} volumeMounts 0 subPath`, 'nginx.config'],
    ['StatefulSet', 'postgres', `${FIRST} env POSTGRES_PASSWORD valueFrom secretKeyRef key`, 'PASSWORD'],
  ],
  'nginx mounts every file of its folder': [['Deployment', 'nginx', `${FIRST} volumeMounts 1`]],
  'the autoscaler alone sets the replicas, three at least': [
    ['Deployment', 'app', 'spec replicas', 3],
    ['HorizontalPodAutoscaler', 'app', 'spec minReplicas', 2],
    ['HorizontalPodAutoscaler', 'app', 'spec scaleTargetRef name', 'application'],
  ],
  'a drained node leaves enough pods, and an unready pod does not block the drain': [
    ['PodDisruptionBudget', 'nginx', 'spec unhealthyPodEvictionPolicy'],
    ['PodDisruptionBudget', 'app', 'spec maxUnavailable', 0],
  ],
  'nginx has two pods': [['Deployment', 'nginx', 'spec replicas', 1]],
  'the database has connections for all replicas and one more during a rolling update': [
    ['HorizontalPodAutoscaler', 'app', 'spec maxReplicas', 60],
    ['StatefulSet', 'postgres', `${FIRST} args 2`, 'max_connections=92'],
    ['Pooler', 'postgres-pooler', 'spec pgbouncer parameters default_pool_size', '100'],
    ['Pooler', 'postgres-pooler', 'spec pgbouncer parameters max_client_conn', '209'],
  ],
  "the pooler supports prepared statements, and accepts the clients' settings": [
    ['Pooler', 'postgres-pooler', 'spec pgbouncer parameters max_prepared_statements', '0'],
  ],
  'a committed write is on two disks, and only such a disk is promoted': [
    ['Cluster', 'postgres', 'spec postgresql synchronous number', 0],
  ],
  'no client is pinned to a replica': [
    ['Service', 'app', 'spec sessionAffinity', 'ClientIP'],
    ['HTTPRoute', 'nginx', 'spec rules 0 sessionPersistence', { type: 'Cookie' }],
    ['ConfigMap', 'nginx-templates', 'data site.conf.template', 'upstream app {\n  ip_hash;\n}'],
  ],
  'nginx finds the replicas by the full name of a headless Service': [
    ['Deployment', 'nginx', `${FIRST} env UPSTREAM value`, 'app:3000'],
    ['Service', 'app', 'spec clusterIP'],
  ],
  'no request goes to a replica that is not ready': [['Service', 'app', 'spec publishNotReadyAddresses', true]],
  'every policy selects our own pods, never the whole namespace': [['NetworkPolicy', 'app', 'spec podSelector', {}]],
  'the application and nginx have policies, and may use DNS': [
    ['NetworkPolicy', 'dns', 'spec egress 0 to 1'],
    ['NetworkPolicy', 'dns', 'spec egress 0 ports 1'],
    ['NetworkPolicy', 'dns', 'spec podSelector matchExpressions 0 values', ['nginx']],
  ],
  'policies allow every needed connection': [
    ['NetworkPolicy', 'nginx', 'spec egress 0 ports 0 port', 8080],
    ['NetworkPolicy', 'app', 'spec ingress', []],
    ['NetworkPolicy', 'app-to-postgres', 'spec egress 0 to', []],
    ['NetworkPolicy', 'postgres', 'spec ingress 0 ports 0 port', 5433],
  ],
}
