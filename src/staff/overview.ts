import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { replicasSeen } from '../database/replicas.ts'
import { reply, type Visit } from '../http/reply.ts'
import type { Statistics } from '../sessions/operations/statistics.ts'
import { showBytes, showMoment, showSpan } from './figures.ts'

/** A replica announces itself once a minute: one that missed two is not shown. */
const LATELY = 3 * 60_000

export interface OverviewOptions {
  readonly pool: Pool
  readonly statistics: { read(): Promise<Statistics> }
}

/** GET /staff: how many sessions there are, and which replicas serve them. */
export async function showOverview({ pool, statistics }: OverviewOptions, visit: Visit<Account>): Promise<void> {
  const [sessions, replicas] = await Promise.all([statistics.read(), replicasSeen(pool, LATELY)])
  const json = { sessions, replicas }
  reply(visit, { view: 'staff/overview', data: { ...json, showBytes, showMoment, showSpan }, json })
}
