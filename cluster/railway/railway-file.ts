import { createRailwayContext, type ProjectDefinition, project, type ServiceNode } from 'railway/iac'
import program, { partial } from '../../.railway/railway.ts'

export interface RailwayFile {
  /** The name of the file's owner. */
  readonly partial: string
  readonly project: ProjectDefinition
  /** Its only service. */
  readonly app: ServiceNode
}

/** Times in milliseconds. */
export interface RailwaySettings {
  readonly preDeploy: string
  readonly health: { readonly path: string; readonly within: number }
  readonly replicas: number
  readonly retries: number
  readonly overlap: number
  /** From SIGTERM to SIGKILL. */
  readonly draining: number
  /** As written, with `${{…}}`. Without the values that only Railway has. */
  readonly variables: Readonly<Record<string, string>>
}

/** The result of `.railway/railway.ts` through JSON, as Railway's CLI reads it. */
export async function readRailwayFile(): Promise<RailwayFile> {
  const made = await program(createRailwayContext({ command: 'plan', environment: 'production' }), project)
  const definition = JSON.parse(JSON.stringify(made)) as ProjectDefinition
  const app = definition.resources?.flat().find((resource) => resource.type === 'service')
  if (app === undefined) throw new Error('.railway/railway.ts names no service')
  return { partial, project: definition, app }
}

/** With Railway's defaults: no overlap, SIGKILL at once. */
export function settingsOf({ deploy, variables = {} }: ServiceNode): RailwaySettings {
  const literals = Object.entries(variables).flatMap(([name, of]) =>
    of.type === 'literal' ? [[name, of.value ?? ''] as const] : [],
  )
  return {
    preDeploy: deploy?.preDeployCommand?.join(' && ') ?? 'true',
    health: { path: deploy?.healthcheckPath ?? '/', within: (deploy?.healthcheckTimeout ?? 300) * 1000 },
    replicas: deploy?.numReplicas ?? 1,
    retries: deploy?.restartPolicyType === 'NEVER' ? 0 : (deploy?.restartPolicyMaxRetries ?? 10),
    overlap: (deploy?.overlapSeconds ?? 0) * 1000,
    draining: (deploy?.drainingSeconds ?? 0) * 1000,
    variables: Object.fromEntries(literals),
  }
}
