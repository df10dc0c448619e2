import { alignColumns } from '../test-support/table.ts'
import type { Spread } from './stats.ts'

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
