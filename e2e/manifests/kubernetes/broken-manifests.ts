import type { Promised } from './rules.ts'

/** An object, the steps to a field of it (a name leads to the one of a list that has it), and what it holds instead; nothing: it is gone. */
export type Break = readonly [kind: string, name: string, path: string, value?: unknown]

const POD = 'spec template spec'
const FIRST = `${POD} containers 0`

/** For each promise, changes to a rendered object that break it. */
export const BREAKS: Readonly<Record<Promised, readonly Break[]>> = {
  'every container says when it has started, is ready and is alive': [
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
  'every pod is let in where the rules for pods are restricted, and the namespace asks for them': [
    ['Deployment', 'app', `${FIRST} securityContext capabilities`, { add: ['NET_ADMIN'] }],
    ['Deployment', 'app', `${POD} securityContext seccompProfile`],
    ['Deployment', 'app', `${POD} hostNetwork`, true],
    ['Namespace', 'roundhouse', 'metadata labels', {}],
  ],
  'no pod is given a token for the API, or the addresses of all services as variables': [
    ['Deployment', 'app', `${POD} automountServiceAccountToken`],
    ['Deployment', 'nginx', `${POD} enableServiceLinks`, true],
  ],
  'a rolling update takes nobody away before another is there': [
    ['Deployment', 'app', 'spec strategy rollingUpdate maxUnavailable', 1],
    ['Deployment', 'app', 'spec minReadySeconds', 0],
  ],
  'pods of one version are spread over nodes': [
    ['Deployment', 'nginx', `${POD} topologySpreadConstraints`],
    ['Deployment', 'app', `${POD} topologySpreadConstraints 0 matchLabelKeys`],
  ],
  'a replica has the time to drain before it is killed, and begins at once': [
    ['Deployment', 'app', `${POD} terminationGracePeriodSeconds`, 25],
    ['ConfigMap', 'app', 'data DRAIN_TIMEOUT', '60s'],
    ['Deployment', 'app', `${FIRST} lifecycle`, { preStop: { sleep: { seconds: 5 } } }],
  ],
  'a replica knows every variable that it is given': [['ConfigMap', 'app', 'data DRAIN_DELY', '5s']],
  'a replica would start with what it is given': [
    ['ConfigMap', 'app', 'data POOL_SIZE', 'ten'],
    ['ConfigMap', 'app', 'data TRUST_PROXY', '0'],
  ],
  'the migration is given what a replica is': [['Deployment', 'app', `${POD} initContainers 0 envFrom`, []]],
  'nginx knows every variable that it is given': [
    ['Deployment', 'nginx', `${FIRST} env RESOLVER_OPTIONS name`, 'RESOLVE_OPTIONS'],
  ],
  'every image has a tag of its own': [
    ['Deployment', 'app', `${FIRST} image`, 'roundhouse:latest'],
    ['Cluster', 'postgres', 'spec imageName', 'ghcr.io/cloudnative-pg/postgresql'],
  ],
  'every selector selects a pod': [
    ['Deployment', 'app', 'spec selector matchLabels', { 'app.kubernetes.io/name': 'other' }],
    ['Service', 'app', 'spec selector', { 'app.kubernetes.io/name': 'application' }],
    ['PodDisruptionBudget', 'postgres-pooler', 'spec selector matchLabels', { 'cnpg.io/poolerName': 'pooler' }],
    ['NetworkPolicy', 'app', 'spec ingress 0 from 0 podSelector', { matchLabels: { app: 'nginx' } }],
  ],
  'every port that is asked for is one that a container has': [
    ['Service', 'nginx', 'spec ports 0 targetPort', 'web'],
    ['Deployment', 'nginx', `${FIRST} readinessProbe tcpSocket port`, 80],
    ['NetworkPolicy', 'nginx', 'spec ingress 0 ports 0 port', 80],
  ],
  'every Service, and every port of it, that is asked for exists': [
    ['HTTPRoute', 'nginx', 'spec rules 0 backendRefs 0 port', 8080],
    ['ServiceMonitor', 'app', 'spec endpoints 0 port', 'prometheus'],
    ['StatefulSet', 'postgres', 'spec serviceName', 'database'],
  ],
  'every ConfigMap, Secret, key, account and volume that is named exists': [
    ['Deployment', 'app', `${FIRST} envFrom 0 configMapRef name`, 'app'],
    ['Deployment', 'app', `${POD} serviceAccountName`, 'application'],
    ['Deployment', 'nginx', `${POD} volumes`, []],
    ['Deployment', 'nginx', `${FIRST} volumeMounts 0 subPath`, 'nginx.config'],
    ['StatefulSet', 'postgres', `${FIRST} env POSTGRES_PASSWORD valueFrom secretKeyRef key`, 'PASSWORD'],
  ],
  'nginx is given every file of its folder, and mounts them': [['Deployment', 'nginx', `${FIRST} volumeMounts 1`]],
  'the autoscaler has the Deployment for itself, and never fewer than three replicas': [
    ['Deployment', 'app', 'spec replicas', 3],
    ['HorizontalPodAutoscaler', 'app', 'spec minReplicas', 2],
    ['HorizontalPodAutoscaler', 'app', 'spec scaleTargetRef name', 'application'],
  ],
  'whoever drains nodes leaves enough pods of each kind, and is not held up by one that is not ready': [
    ['PodDisruptionBudget', 'nginx', 'spec unhealthyPodEvictionPolicy'],
    ['PodDisruptionBudget', 'app', 'spec maxUnavailable', 0],
  ],
  'nginx is there twice': [['Deployment', 'nginx', 'spec replicas', 1]],
  'all replicas together, and one more while they are replaced, have their connections': [
    ['HorizontalPodAutoscaler', 'app', 'spec maxReplicas', 60],
    ['StatefulSet', 'postgres', `${FIRST} args 2`, 'max_connections=92'],
    ['Pooler', 'postgres-pooler', 'spec pgbouncer parameters default_pool_size', '100'],
    ['Pooler', 'postgres-pooler', 'spec pgbouncer parameters max_client_conn', '209'],
  ],
  'what is shared by many keeps prepared statements, and refuses no connection for its settings': [
    ['Pooler', 'postgres-pooler', 'spec pgbouncer parameters max_prepared_statements', '0'],
  ],
  'what was committed is on more than one disk, and only such a disk is promoted': [
    ['Cluster', 'postgres', 'spec postgresql synchronous number', 0],
  ],
  'nobody is tied to a replica': [
    ['Service', 'app', 'spec sessionAffinity', 'ClientIP'],
    ['HTTPRoute', 'nginx', 'spec rules 0 sessionPersistence', { type: 'Cookie' }],
    ['ConfigMap', 'nginx-templates', 'data site.conf.template', 'upstream app {\n  ip_hash;\n}'],
  ],
  'nginx finds the replicas by the full name of a Service without an address of its own': [
    ['Deployment', 'nginx', `${FIRST} env UPSTREAM value`, 'app:3000'],
    ['Service', 'app', 'spec clusterIP'],
  ],
  'nobody is sent to a replica that is not ready': [['Service', 'app', 'spec publishNotReadyAddresses', true]],
  'a policy is for pods of ours, never for all of the namespace': [['NetworkPolicy', 'app', 'spec podSelector', {}]],
  'the application and nginx have policies, and may ask for names': [
    ['NetworkPolicy', 'dns', 'spec egress 0 to 1'],
    ['NetworkPolicy', 'dns', 'spec egress 0 ports 1'],
    ['NetworkPolicy', 'dns', 'spec podSelector matchExpressions 0 values', ['nginx']],
  ],
  'who has to speak to somebody may': [
    ['NetworkPolicy', 'nginx', 'spec egress 0 ports 0 port', 8080],
    ['NetworkPolicy', 'app', 'spec ingress', []],
    ['NetworkPolicy', 'app-to-postgres', 'spec egress 0 to', []],
    ['NetworkPolicy', 'postgres', 'spec ingress 0 ports 0 port', 5433],
  ],
}
