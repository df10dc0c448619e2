import type { Replica } from '../../../cluster/cluster.ts'

/** Upkeep's, whose turn may come at any moment. */
const CHORES = /operation="(delete tombstones|delete expired)"/

/** How often the replicas have asked the session store for a request so far, all operations together. */
export async function storeCalls(replicas: readonly Replica[]): Promise<number> {
  const texts = await Promise.all(replicas.map(async ({ metricsUrl }) => (await fetch(metricsUrl)).text()))
  const asked = texts.map((text) =>
    text
      .split('\n')
      .filter((line) => !CHORES.test(line))
      .join('\n'),
  )
  return asked.map((text) => sumOf(text, 'session_store_duration_seconds_count')).reduce((sum, next) => sum + next, 0)
}

/** The sum over all labels of one series of Prometheus' text format. */
export function sumOf(text: string, series: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${series}{`) || line.startsWith(`${series} `))
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' ')))).reduce((sum, next) => sum + next, 0)
}
