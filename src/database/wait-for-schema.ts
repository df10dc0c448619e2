import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../runtime/log.ts'
import type { NotReadyCause } from '../runtime/state.ts'
import { missingMigrations } from './migrate.ts'
import type { Pool } from './pool.ts'

export interface SchemaStatus {
  /** Undefined before the first check, and once the schema is sufficient. */
  cause: NotReadyCause | undefined
}

export interface WaitForSchemaOptions {
  readonly pool: Pool
  readonly log: Log
  /** Updated after each check. */
  readonly status: SchemaStatus
  /** false ends the wait. */
  readonly isWaiting: () => boolean
}

/** Waits until the database has every migration that this version needs. Logs why it waits. */
export async function waitForSchema({ pool, log, status, isWaiting }: WaitForSchemaOptions): Promise<void> {
  for (let pauseMs = 250; isWaiting(); pauseMs = Math.min(pauseMs * 2, 5000)) {
    const cause = await checkSchema(pool)
    if (cause !== undefined && cause.message !== status.cause?.message)
      log.warn('replica not ready', { reason: `${cause.kind}: ${cause.message}` })
    status.cause = cause
    if (cause === undefined) return
    await wait(pauseMs)
  }
}

async function checkSchema(pool: Pool): Promise<NotReadyCause | undefined> {
  try {
    const missing = await missingMigrations(pool)
    if (missing.length === 0) return undefined
    return { kind: 'schema', message: `run "npm run migrate" (missing: ${missing.join(', ')})` }
  } catch (error) {
    return { kind: 'database', message: (error as Error).message || String((error as { code?: string }).code) }
  }
}
