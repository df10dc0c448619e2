import type { Replica } from '../../../cluster/cluster.ts'

/** Jobs run at any moment, whatever is requested. */
const JOBS = /operation="(delete tombstones|delete expired)"/

/** The number of store calls that requests caused so far, over all replicas and operations. */
export async function storeCalls(replicas: readonly Replica[]): Promise<number> {
  const texts = await Promise.all(replicas.map(async ({ metricsUrl }) => (await fetch(metricsUrl)).text()))
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => !JOBS.test(line))
  return sumOf(lines.join('\n'), 'session_store_duration_seconds_count')
}

/** The sum over all labels of one series in Prometheus' text format. */
function sumOf(text: string, series: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${series}{`) || line.startsWith(`${series} `))
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' ')))).reduce((sum, next) => sum + next, 0)
}
