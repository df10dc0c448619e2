import { SessionRefused } from '../errors.ts'
import { type Batched, createBatcher } from './batcher.ts'
import { DEADLINE_MS } from './deadline.ts'
import type { QueryRunner } from './query-runner.ts'
import type { Content, Lifetime } from './session-table.ts'
import type { Statements } from './sql.ts'

export interface Update {
  readonly sid: string
  /** Of the row when it was read. */
  readonly version: string
  readonly content: Content
  readonly lifetime: Lifetime | undefined
}

/** Returns new versions. Concurrent updates share a statement and its wait for the disk. */
export function createBatchedUpdates(queries: QueryRunner, sql: Statements): Batched<Update, string | undefined> {
  // No stall time: a batch waits for the disk, and Postgres flushes two commits together.
  return createBatcher((updates, timeoutMs) => updateMany(queries, sql, updates, timeoutMs), DEADLINE_MS, 0)
}

/** Waits for the row's lock, where updateMany skips locked rows. */
async function updateOne(
  queries: QueryRunner,
  sql: Statements,
  update: Update,
  timeoutMs: number,
): Promise<string | undefined> {
  const { sid, version, content, lifetime } = update
  const values = [sid, version, content.text, content.accountId]
  const { rows } =
    lifetime === undefined
      ? await queries.run('update one', sql.UPDATE, values, { timeoutMs })
      : await queries.run('update and touch one', sql.UPDATE_AND_TOUCH, [...values, ...touchValues(lifetime)], {
          timeoutMs,
        })
  return rows[0]?.[0] as string | undefined
}

/** The last parameters of UPDATE_AND_TOUCH. */
export function touchValues({ idleMs, absoluteMs, mayShorten = false }: Lifetime): readonly unknown[] {
  return [idleMs, absoluteMs, mayShorten]
}

async function updateMany(queries: QueryRunner, sql: Statements, updates: readonly Update[], timeoutMs: number) {
  const start = performance.now()
  const values = [
    updates.map(({ sid }) => sid),
    updates.map(({ version }) => version),
    updates.map(({ content }) => content.accountId),
    updates.map(({ lifetime }) => lifetime?.idleMs ?? null),
    updates.map(({ lifetime }) => lifetime?.absoluteMs ?? null),
    updates.map(({ lifetime }) => lifetime?.mayShorten ?? false),
    `[${updates.map(({ content }) => content.text).join(',')}]`,
  ]
  try {
    const { rows } = await queries.run('update', sql.UPDATE_MANY, values, { timeoutMs })
    const versions = new Map(rows as [number, string][])
    return updates.map((_, index) => versions.get(index + 1))
  } catch (error) {
    if (updates.length === 1 || !(error instanceof SessionRefused)) throw error
    // The statement was rolled back. One refused session must not fail the others.
    const remainingMs = Math.max(1, timeoutMs - (performance.now() - start))
    return updates.map((update) => updateOne(queries, sql, update, remainingMs))
  }
}
