import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeJson } from '../cluster/json-file.ts'
import { alignColumns } from '../test-support/table.ts'
import { formatMachine, type Machine } from './environment.ts'
import type { Spread } from './interleave.ts'
import type { BenchOptions, SectionName } from './options.ts'

/** One question that was measured, and its answer. */
export interface Section {
  readonly title: string
  /** For people. */
  readonly text: string
  readonly thresholds: readonly Threshold[]
  /** For programs. */
  readonly data: unknown
}

/** A target, and whether it was reached. */
export interface Threshold {
  readonly target: string
  /** NaN: not measured. */
  readonly measured: number
  readonly reached: boolean
}

export function atLeast(min: number, metric: string, measured: number): Threshold {
  return { target: `${metric} ≥ ${min}`, measured, reached: measured >= min }
}

export function atMost(max: number, metric: string, measured: number): Threshold {
  return { target: `${metric} ≤ ${max}`, measured, reached: measured <= max }
}

export function formatThresholds(thresholds: readonly Threshold[]): string {
  return thresholds
    .filter(({ measured }) => !Number.isNaN(measured))
    .map(({ target, measured, reached }) => `${reached ? 'reached' : 'MISSED '}  ${target}: ${fine(measured, 3)}`)
    .join('\n')
}

/** Names in the first column, figures in the others. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const [heading = '', ...lines] = alignColumns([head, ...rows])
  return [heading, '─'.repeat(heading.length), ...lines].join('\n')
}

/** 12,345 */
export function whole(figure: number): string {
  return Number.isFinite(figure) ? Math.round(figure).toLocaleString('en') : '–'
}

/** 1.23 */
export function fine(figure: number, digits = 2): string {
  return Number.isFinite(figure) ? figure.toFixed(digits) : '–'
}

/** 5.61 (5.44–5.80): the median and the quartiles. */
export function spread({ low, median, high }: Spread): string {
  return Number.isFinite(median) ? `${fine(median)} (${fine(low)}–${fine(high)})` : '–'
}

/** 12 % */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : '–'
}

/** 1.2 kB, 12 MB */
export function bytes(count: number): string {
  if (!Number.isFinite(count)) return '–'
  if (count >= 1e6) return `${fine(count / 1e6, count >= 1e7 ? 0 : 1)} MB`
  return count >= 1000 ? `${fine(count / 1000, 1)} kB` : `${whole(count)} B`
}

/** Writes the results so far to `bench.json`, and plots of the pages. Returns the paths. */
export function writeResults(
  { folder, seconds, rounds, connections }: BenchOptions,
  machine: Machine,
  results: Readonly<Partial<Record<SectionName, Section>>>,
): readonly string[] {
  const json = join(folder, 'bench.json')
  const sections = Object.entries(results).map(([name, { text: _, ...section }]) => [name, section])
  writeJson(json, { machine, seconds, rounds, connections, sections: Object.fromEntries(sections) })
  const note = `Medians and quartiles of ${rounds} paired rounds. ${formatMachine(machine)}`
  const plots = (['pages', 'latency'] as const).flatMap((name) => {
    const section = results[name]
    if (section === undefined) return []
    const path = join(folder, `${name}.svg`)
    writeFileSync(path, plot(section.title, note, section.data as readonly PlotBar[]))
    return [path]
  })
  return [json, ...plots]
}

const ROW_HEIGHT = 34
const BARS_LEFT = 310
const BARS_WIDTH = 380
const PLOT_WIDTH = 980

/** What the plot shows of a contender's summary. */
interface PlotBar {
  readonly name: string
  readonly label: string
  readonly rate: Spread
  readonly ratios: Readonly<Record<string, Spread>>
}

/**
 * An SVG of the requests a second: a bar for the median, and a line from the lower to the upper
 * quartile.
 */
function plot(title: string, note: string, summaries: readonly PlotBar[]): string {
  const scale = BARS_WIDTH / Math.max(1, ...summaries.map(({ rate }) => rate.high))
  const noteLines = note.match(/.{1,140}(?: |$)/g) ?? []
  const noteTop = 64 + summaries.length * ROW_HEIGHT
  const height = noteTop + 16 + noteLines.length * 16
  const bars = summaries.map((summary, index) => plotBar(summary, 56 + index * ROW_HEIGHT, scale))
  const notes = noteLines.map(
    (line, index) => `<text class="small" x="16" y="${noteTop + 12 + index * 16}">${escapeXml(line)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PLOT_WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
<style>text { fill: #24292f } .small { fill: #57606a; font-size: 11px } .bar { fill: #8c959f } .roundhouse { fill: #0a7f5a } .spread { stroke: #24292f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } .spread { stroke: #e6edf3 } }</style>
<text x="16" y="28" font-size="16" font-weight="600">${escapeXml(title)}</text>
${[...bars, ...notes].join('\n')}
</svg>
`
}

function plotBar({ name, label, rate, ratios }: PlotBar, y: number, scale: number): string {
  const scaled = (figure: number) => Math.round(figure * scale)
  const ratio = ratios['connect-pg-simple']
  const isCompared = name !== 'connect-pg-simple' && Number.isFinite(ratio?.median)
  const text = `${whole(rate.median)}/s${isCompared ? ` · ${spread(ratio as Spread)} × connect-pg-simple` : ''}`
  return `<text x="${BARS_LEFT - 12}" y="${y + 15}" text-anchor="end">${escapeXml(label)}</text>
<rect class="${name === 'roundhouse' ? 'roundhouse' : 'bar'}" x="${BARS_LEFT}" y="${y}" width="${scaled(rate.median)}" height="20" rx="3"/>
<path class="spread" d="M${BARS_LEFT + scaled(rate.low)} ${y + 10}H${BARS_LEFT + scaled(rate.high)}"/>
<text class="small" x="${BARS_LEFT + scaled(rate.high) + 10}" y="${y + 14}">${escapeXml(text)}</text>`
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
