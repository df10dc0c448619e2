import type { KubernetesObject } from './objects.ts'

/** Packages of the models by API group. Kubernetes' own are in `kubernetes-models`. */
const PACKAGES: Readonly<Record<string, string>> = {
  'postgresql.cnpg.io': '@kubernetes-models/cloudnative-pg',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
}

interface Model {
  validate(): void
}
type Models = Readonly<Record<string, (new (object: object) => Model) | undefined>>

/** Schema errors. Unknown fields pass: tsc finds those. */
export async function faultOf(object: KubernetesObject): Promise<string | undefined> {
  const models = (await import(moduleOf(object)).catch(() => ({}))) as Models
  const model = models[object.kind]
  if (model === undefined) return `there is no ${object.kind} in ${object.apiVersion}`
  try {
    new model(object).validate()
    return undefined
  } catch (fault) {
    return (fault as Error).message
  }
}

/** A TypeScript file with each object as a typed literal, so that tsc finds unknown fields. */
export function asLiterals(objects: readonly KubernetesObject[]): string {
  const types = new Map(objects.map((object) => [`${moduleOf(object)} ${object.kind}`, object]))
  const names = new Map([...types.keys()].map((key, index) => [key, `I${index}`]))
  const imports = [...types].map(
    ([key, object]) => `import type { I${object.kind} as ${names.get(key)} } from '${moduleOf(object)}'`,
  )
  const literals = objects.map((object, index) => {
    const type = names.get(`${moduleOf(object)} ${object.kind}`)
    return `// ${object.kind} ${object.metadata.name}\nexport const object${index}: ${type} = ${JSON.stringify(object, null, 1)}`
  })
  return `${[...imports, ...literals].join('\n')}\n`
}

function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  const group = apiVersion.split('/')[0] ?? ''
  return `${PACKAGES[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`
}
