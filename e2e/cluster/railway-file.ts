import { createRailwayContext, type ProjectDefinition, project, type ServiceNode } from 'railway/iac'
import program, { partial } from '../../.railway/railway.ts'

export interface RailwayFile {
  /** The name under which it owns what it names. */
  readonly partial: string
  readonly project: ProjectDefinition
  /** The one service in it. */
  readonly app: ServiceNode
}

/** `.railway/railway.ts` as Railway's CLI sees it: the program's result, through JSON. */
export async function readRailwayFile(): Promise<RailwayFile> {
  const made = await program(createRailwayContext({ command: 'plan', environment: 'production' }), project)
  const definition = JSON.parse(JSON.stringify(made)) as ProjectDefinition
  const app = definition.resources?.flat().find((resource) => resource.type === 'service')
  if (app === undefined) throw new Error('.railway/railway.ts names no service')
  return { partial, project: definition, app }
}
