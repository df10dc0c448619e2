import type { Bench } from './options.ts'
import { formatPages, summarise } from './page-section.ts'
import { writePages } from './pages.ts'
import type { Section } from './section.ts'
import { large, small } from './session-data.ts'
import { formatStores, measureStores, ratioOf } from './store-writes.ts'
import { atLeast } from './thresholds.ts'

/** One field changed, in sessions of 250 bytes and of some kilobytes; and the same through the whole of an application. */
export async function writesSection(bench: Bench): Promise<Section> {
  const job = { about: 'write', clients: 16 } as const
  const little = await measureStores(bench, 'writes of small sessions', { ...job, ...small })
  const much = await measureStores(bench, 'writes of large sessions', { ...job, ...large })
  const pages = summarise(await writePages(bench, bench.connections))
  const bars = [
    atLeast(1.5, 'session writes/s to connect-pg-simple, small sessions', ratioOf(little)),
    atLeast(
      1.5,
      'the same through pages',
      pages.find(({ name }) => name === 'ours')?.ratios.stock?.median ?? Number.NaN,
    ),
  ]
  const text = [
    `Small, 16 clients on the store alone\n${formatStores('writes', little)}`,
    `Large (5 kB), 16 clients on the store alone\n${formatStores('writes', much)}`,
    `Small, through pages over ${bench.connections} connections\n${formatPages(pages)}`,
  ]
  return { title: 'Session writes', text: text.join('\n\n'), bars, data: { small: little, large: much, pages } }
}

export async function touchesSection(bench: Bench): Promise<Section> {
  const summaries = await measureStores(bench, 'renewals', { about: 'renew', clients: 64, ...small })
  return { title: 'Renewals of the expiry', text: formatStores('renewals', summaries), bars: [], data: summaries }
}
