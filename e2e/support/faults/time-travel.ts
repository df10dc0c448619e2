import { query } from '../../../cluster/postgres/database.ts'

interface StoredSession {
  readonly sid: string
  readonly sess: unknown
}

/** Moves every session back: all time columns, and all times in its JSON. */
export async function moveSessionsBack(url: string, milliseconds: number): Promise<void> {
  const columns = await query<{ readonly column_name: string }>(
    url,
    `SELECT column_name FROM information_schema.columns
     WHERE table_name = 'session' AND table_schema = 'public' AND data_type LIKE 'timestamp%'`,
  )
  const shifts = columns.map(({ column_name }) => `"${column_name}" = "${column_name}" - $1::interval`)
  await query(url, `UPDATE session SET ${shifts.join(', ')}`, [`${milliseconds} milliseconds`])
  const sessions = await query<StoredSession>(url, 'SELECT sid, sess FROM session')
  for (const session of sessions) await moveBack(url, session, milliseconds)
}

async function moveBack(url: string, { sid, sess }: StoredSession, milliseconds: number): Promise<void> {
  await query(url, 'UPDATE session SET sess = $2::json WHERE sid = $1', [
    sid,
    JSON.stringify(earlier(sess, milliseconds)),
  ])
}

/** A copy with every time in it moved back. */
function earlier(value: unknown, milliseconds: number): unknown {
  if (typeof value === 'string' && ISO_DATE.test(value)) return new Date(Date.parse(value) - milliseconds).toISOString()
  if (typeof value === 'number' && value > YEAR_2001) return value - milliseconds
  if (Array.isArray(value)) return value.map((item) => earlier(item, milliseconds))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, earlier(item, milliseconds)]))
}

const ISO_DATE = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/
/** Larger numbers are times, not durations: originalMaxAge is at most 2,592,000,000. */
const YEAR_2001 = 1_000_000_000_000
