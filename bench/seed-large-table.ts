import { Client } from 'pg'
import type { Progress } from './progress.ts'
import { sessionOf } from './session-data.ts'

/** As long as a number is in an account's id. */
const place = '{the number}'
/** Rows that one statement adds: what a run that is ended loses. */
const batch = 100_000

/** How many statements it takes to fill a table with so many sessions, from what is there. */
export async function missingBatches(url: string, rows: number): Promise<number> {
  return await connected(url, async (client) => Math.ceil((rows - (await filledTo(client))) / batch))
}

/** Adds sessions with the numbers from 0 on until there are so many; goes on where an earlier run was ended. */
export async function seedLargeTable(url: string, rows: number, progress: Progress): Promise<void> {
  await connected(url, async (client) => {
    const begun = await filledTo(client)
    for (let first = begun; first < rows; first += batch) {
      progress.next(`filling ${rows.toLocaleString('en')} rows`)
      await add(client, first, Math.min(first + batch, rows) - 1)
    }
    if (begun < rows) await client.query('VACUUM (ANALYZE) session')
  })
}

async function filledTo(client: Client): Promise<number> {
  await client.query('CREATE TABLE IF NOT EXISTS bench_filled (upto bigint NOT NULL)')
  const { rows } = await client.query('SELECT coalesce(max(upto) + 1, 0)::float8 AS next FROM bench_filled')
  return rows[0]?.next
}

/** Both in one statement, and so both or neither. They expire in ten years: the next run finds them as they were. */
async function add(client: Client, first: number, last: number): Promise<void> {
  await client.query(
    `WITH added AS (
       INSERT INTO session (sid, sess, account, expire)
       SELECT md5('bench ' || n), replace($3, $5, lpad(n::text, 12, '0'))::json,
              replace($4, $5, lpad(n::text, 12, '0')), localtimestamp + interval '10 years'
         FROM generate_series($1::bigint, $2::bigint) AS n)
     INSERT INTO bench_filled VALUES ($2)`,
    [first, last, JSON.stringify(sessionOf(place)), sessionOf(place).account, place],
  )
}

async function connected<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    // What a replica may take is no measure for a chore.
    await client.query('SET statement_timeout = 0')
    return await work(client)
  } finally {
    await client.end()
  }
}
