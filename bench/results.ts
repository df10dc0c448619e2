import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeJson } from '../cluster/json-file.ts'
import { formatMachine, type Machine } from './machine.ts'
import type { BenchOptions, SectionName } from './options.ts'
import type { Summary } from './page-section.ts'
import { plot } from './plot.ts'
import type { Section } from './section.ts'

/** Writes what is known so far to `bench.json`, and the plots of what can be plotted; answers with the paths. */
export function writeResults(
  plan: BenchOptions,
  machine: Machine,
  sections: Readonly<Partial<Record<SectionName, Section>>>,
): readonly string[] {
  const json = join(plan.folder, 'bench.json')
  const { seconds, rounds, connections } = plan
  const told = Object.entries(sections).map(([name, { title, bars, data }]) => [name, { title, bars, data }])
  writeJson(json, { machine, seconds, rounds, connections, sections: Object.fromEntries(told) })
  const note = `Medians and quarters of ${rounds} paired turns. ${formatMachine(machine)}`
  const plots = Object.entries(sections).flatMap(([name, { title, data }]) => {
    if (!isPlotted(name)) return []
    const path = join(plan.folder, `${name}.svg`)
    writeFileSync(path, plot(title, note, data as readonly Summary[]))
    return [path]
  })
  return [json, ...plots]
}

function isPlotted(name: string): boolean {
  return name === 'pages' || name === 'latency'
}
