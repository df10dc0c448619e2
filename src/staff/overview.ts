import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { recentReplicas } from '../database/replicas.ts'
import { type RequestContext, reply } from '../http/reply.ts'
import type { Statistics } from '../sessions/operations/statistics.ts'
import { formatBytes, formatDuration, formatMoment } from './figures.ts'

/** A replica that missed two announcements, one a minute, is hidden. */
const LATELY = 3 * 60_000

export interface OverviewOptions {
  readonly pool: Pool
  readonly statistics: { read(): Promise<Statistics> }
}

export async function showOverview(
  { pool, statistics }: OverviewOptions,
  context: RequestContext<Account>,
): Promise<void> {
  const [sessions, replicas] = await Promise.all([statistics.read(), recentReplicas(pool, LATELY)])
  const json = { sessions, replicas }
  reply(context, {
    view: 'staff/overview',
    data: { ...json, formatBytes, formatMoment, formatDuration },
    json,
  })
}
