import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../../../cluster/replica-environment.ts'
import { parseYaml } from '../yaml.ts'

/** The files of Prometheus and Grafana, and the tests of the rules. */
export const folder = join(repository, 'observability')

export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface Panel {
  readonly title: string
  readonly description: string
  readonly queries: readonly Query[]
}

export interface Query {
  /** With Grafana's variables filled in. */
  readonly expr: string
  readonly legend: string
}

export function readAlerts(): readonly Alert[] {
  const { groups } = parseYaml(read('rules.yml')) as { groups: { rules: Alert[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

export function readPanels(): readonly Panel[] {
  return readDashboard()
    .panels.filter(({ type }) => type !== 'row')
    .map(({ title, description, targets }) => ({
      title,
      description,
      queries: targets.map(({ expr, legendFormat }) => ({ expr: filledIn(expr), legend: legendFormat })),
    }))
}

/** The queries of the dashboard's variables. */
export function readChoices(): readonly string[] {
  const { list } = readDashboard().templating
  return list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]))
}

interface Dashboard {
  readonly panels: readonly GrafanaPanel[]
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] }
}

interface GrafanaPanel {
  readonly type: string
  readonly title: string
  readonly description: string
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

function readDashboard(): Dashboard {
  return JSON.parse(read('dashboard.json')) as Dashboard
}

function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', '.*')
}

export function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8')
}

/** Why tests of this program are skipped; false where it is installed. */
export function missing(program: 'promtool' | 'prometheus'): string | false {
  if (spawnSync(program, ['--version']).error === undefined) return false
  return `${program} is not installed (.ci/run takes it out of Debian’s package, without its server)`
}
