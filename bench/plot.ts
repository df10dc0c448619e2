import type { Summary } from './page-section.ts'
import { spread, whole } from './table.ts'

const row = 34
const left = 310
const width = 920
const bar = 380

/** An SVG of who serves how many requests a second: the median, and a line across from the lower to the upper quarter. */
export function plot(title: string, note: string, summaries: readonly Summary[]): string {
  const most = Math.max(1, ...summaries.map(({ rate }) => rate.high))
  const lines = wrapped(note, 140)
  const below = 64 + summaries.length * row
  const height = below + 16 + lines.length * 16
  const rows = summaries.map((summary, index) => drawn(summary, 56 + index * row, bar / most))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">
<style>text { fill: #24292f } .small { fill: #57606a; font-size: 11px } .bar { fill: #8c959f } .ours { fill: #0a7f5a } .spread { stroke: #24292f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } .spread { stroke: #e6edf3 } }</style>
<text x="16" y="28" font-size="16" font-weight="600">${escaped(title)}</text>
${rows.join('\n')}
${lines.map((line, index) => `<text class="small" x="16" y="${below + 12 + index * 16}">${escaped(line)}</text>`).join('\n')}
</svg>
`
}

function drawn({ name, label, rate, ratios }: Summary, y: number, scale: number): string {
  const [low, middle, high] = [rate.low, rate.median, rate.high].map((figure) => Math.round(figure * scale))
  const kind = name === 'ours' ? 'ours' : 'bar'
  const times = name === 'stock' || ratios.stock === undefined ? '' : ` · ${spread(ratios.stock)} × stock`
  const told = `${whole(rate.median)}/s${Number.isFinite(ratios.stock?.median) ? times : ''}`
  return `<text x="${left - 12}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>
<rect class="${kind}" x="${left}" y="${y}" width="${middle}" height="20" rx="3"/>
<path class="spread" d="M${left + (low ?? 0)} ${y + 10}H${left + (high ?? 0)}"/>
<text class="small" x="${left + (high ?? 0) + 10}" y="${y + 14}">${escaped(told)}</text>`
}

function wrapped(text: string, width: number): string[] {
  return text.match(new RegExp(`.{1,${width}}(?: |$)`, 'g')) ?? []
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
