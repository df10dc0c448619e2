import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../cluster/processes/ports.ts'
import { lastLines, launch } from '../../../cluster/processes/processes.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { parseYaml } from '../yaml.ts'
import { folder, read } from './observability.ts'

export interface Prometheus {
  /**
   * In the order of the file. `at`: last evaluation in milliseconds since 1970; negative: none yet.
   */
  rules(): Promise<readonly Rule[]>
  /** The number of series. Throws for an invalid expression. */
  query(expr: string): Promise<number>
  stop(): Promise<void>
}

export interface Rule {
  readonly name: string
  readonly state: string
  /** Empty: none. */
  readonly fault: string
  readonly at: number
}

/**
 * The installed Prometheus with our configuration, but another target (`host:port`) and an interval
 * of one second instead of fifteen.
 */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const home = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'prometheus-'))
  const config = join(home, 'prometheus.yml')
  await writeFile(config, JSON.stringify(configFor(target)))
  const address = `127.0.0.1:${await freePort()}`
  const child = launch({
    command: 'prometheus',
    args: [`--config.file=${config}`, `--storage.tsdb.path=${join(home, 'data')}`, `--web.listen-address=${address}`],
    log: join(home, 'prometheus.log'),
  })
  const ask = (path: string) => askApi(`http://${address}/api/v1/${path}`)
  const stop = async () => {
    await child.end()
    await rm(home, { recursive: true, force: true })
  }
  try {
    await waitFor('Prometheus', 30_000, async () => {
      if (!child.running()) throw new Error(`Prometheus has ended:\n${lastLines(child.output())}`)
      return await fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    stop,
    query: async (expr) => ((await ask(`query?query=${encodeURIComponent(expr)}`)).result as unknown[]).length,
    rules: async () => ((await ask('rules')).groups as Group[]).flatMap(({ rules }) => rules).map(ruleOf),
  }
}

function configFor(target: string): object {
  const { scrape_configs, ...config } = parseYaml(read('prometheus.yml')) as { scrape_configs: ScrapeConfig[] }
  return {
    ...config,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(folder, 'rules.yml')],
    scrape_configs: scrape_configs.map(({ dns_sd_configs, ...rest }) => ({
      ...rest,
      static_configs: [{ targets: [target] }],
    })),
  }
}

interface ScrapeConfig {
  readonly dns_sd_configs: unknown
}

interface Group {
  readonly rules: readonly {
    readonly name: string
    readonly state: string
    readonly lastError?: string
    readonly lastEvaluation: string
  }[]
}

function ruleOf({ name, state, lastError = '', lastEvaluation }: Group['rules'][number]): Rule {
  return { name, state, fault: lastError, at: Date.parse(lastEvaluation) }
}

async function askApi(url: string): Promise<Readonly<Record<string, unknown>>> {
  const { status, data, error } = (await (await fetch(url)).json()) as Record<string, Record<string, unknown>>
  if (String(status) !== 'success') throw new Error(`${decodeURIComponent(url)}: ${error}`)
  return data ?? {}
}
