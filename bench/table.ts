import type { Spread } from './stats.ts'

/** Text in columns; the first is a name, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  return [line(head), widths.map((width) => '─'.repeat(width)).join('──'), ...rows.map(line)].join('\n')
}

/** 12,345 */
export function whole(figure: number): string {
  return Number.isFinite(figure) ? Math.round(figure).toLocaleString('en') : '–'
}

/** 1.23 */
export function fine(figure: number, digits = 2): string {
  return Number.isFinite(figure) ? figure.toFixed(digits) : '–'
}

/** 5.61 (5.44–5.80): the median, and the quarters around it. */
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
