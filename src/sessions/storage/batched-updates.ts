import { SessionRefused } from '../errors.ts'
import { type Ask, createBatches } from './batcher.ts'
import { DEADLINE } from './deadline.ts'
import type { Queries } from './query-runner.ts'
import type { Content, Life } from './session-table.ts'
import * as sql from './sql.ts'

export interface Update {
  readonly sid: string
  /** The row's, as it was seen. */
  readonly version: string
  readonly content: Content
  readonly life: Life | undefined
}

/** Updates of rows that nobody changed meanwhile. Those that wait at the same time share a statement, and the wait for the disk; answers are new versions. */
export function createUpdates(queries: Queries): Ask<Update, string | undefined> {
  // It is the disk that is waited for, and Postgres lets two wait together.
  return createBatches((updates, patience) => many(queries, updates, patience), DEADLINE, 0)
}

/** Waits where somebody holds the row. */
async function one(queries: Queries, update: Update, patience: number): Promise<string | undefined> {
  const { sid, version, content, life } = update
  const values = [sid, version, content.text, content.account]
  const { rows } =
    life === undefined
      ? await queries.ask('update one', sql.UPDATE, values, { patience })
      : await queries.ask(
          'update and renew one',
          sql.UPDATE_AND_RENEW,
          [...values, life.idle, life.absolute, life.chosen ?? false],
          {
            patience,
          },
        )
  return rows[0]?.[0] as string | undefined
}

async function many(queries: Queries, updates: readonly Update[], patience: number) {
  const start = performance.now()
  const values = [
    updates.map(({ sid }) => sid),
    updates.map(({ version }) => version),
    updates.map(({ content }) => content.account),
    updates.map(({ life }) => life?.idle ?? null),
    updates.map(({ life }) => life?.absolute ?? null),
    updates.map(({ life }) => life?.chosen ?? false),
    `[${updates.map(({ content }) => content.text).join(',')}]`,
  ]
  try {
    const { rows } = await queries.ask('update', sql.UPDATE_MANY, values, { patience })
    const versions = new Map(rows as [number, string][])
    return updates.map((_, index) => versions.get(index + 1))
  } catch (error) {
    if (updates.length === 1 || !(error instanceof SessionRefused)) throw error
    // Nothing of it happened: one must not fail the others.
    const rest = Math.max(1, patience - (performance.now() - start))
    return updates.map((update) => one(queries, update, rest))
  }
}
