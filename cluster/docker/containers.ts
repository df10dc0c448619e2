import type { Replica } from '../cluster.ts'
import { waitFor } from '../processes/wait-for.ts'
import { docker } from './docker.ts'

export interface Container extends Replica {
  readonly id: string
  readonly service: string
  /** Its number within the service. */
  readonly number: number
  readonly running: boolean
  /** 'healthy', 'starting', 'unhealthy'; '' without a health check. */
  readonly health: string
  readonly address: string
}

interface Inspected {
  readonly Id: string
  readonly State: { readonly Pid: number; readonly Running: boolean; readonly Health?: { readonly Status: string } }
  readonly Config: { readonly Hostname: string; readonly Labels: Readonly<Record<string, string>> }
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> }
}

/** Running or not, sorted by number. */
export async function containersOf(project: string, service: string): Promise<readonly Container[]> {
  const labels = [`project=${project}`, `service=${service}`, 'oneoff=False']
  const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`])
  const ids = (await docker(['ps', '--all', '--quiet', ...filters])).split('\n').filter((id) => id !== '')
  if (ids.length === 0) return []
  const all = JSON.parse(await docker(['inspect', ...ids])) as Inspected[]
  return all.map(described).sort((one, other) => one.number - other.number)
}

function described({ Id, State, Config, NetworkSettings }: Inspected): Container {
  const addresses = Object.entries(NetworkSettings.Networks).sort(([one], [other]) => (one < other ? 1 : -1))
  // The network with internet access (`web` sorts after `database`).
  const address = addresses.map(([, { IPAddress }]) => IPAddress).find((ip) => ip !== '') ?? ''
  return {
    id: Id,
    name: Config.Hostname,
    service: Config.Labels['com.docker.compose.service'] ?? '',
    number: Number(Config.Labels['com.docker.compose.container-number']),
    running: State.Running,
    health: State.Health?.Status ?? '',
    address,
    pid: State.Pid,
    url: `http://${address}:3000`,
    metricsUrl: `http://${address}:9090/metrics`,
  }
}

/** Throws with the output of the health check, or the container's last lines. */
export async function waitUntilHealthy(id: string, within = 180_000): Promise<void> {
  const format = '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}'
  await waitFor(`container ${id.slice(0, 12)} to be healthy`, within, async () => {
    const state = await docker(['inspect', '--format', format, id])
    if (/^(exited|dead)/.test(state)) throw new Error(`container ${id.slice(0, 12)} ended (${state})`)
    return state === 'running healthy'
  })
}
