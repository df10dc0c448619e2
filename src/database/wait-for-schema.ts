import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../runtime/log.ts'
import { missingMigrations } from './migrate.ts'
import type { Pool } from './pool.ts'

/** What is known of the schema: why it does not do yet, in words for an operator. */
export interface Schema {
  reason: string | undefined
}

export interface SchemaOptions {
  readonly pool: Pool
  readonly log: Log
  /** Kept up to date while this waits. */
  readonly schema: Schema
  /** Whether anybody still waits for it. */
  readonly waiting: () => boolean
}

/** Waits for a database whose schema is at least what this version needs, and says why it waits. */
export async function schemaSeen({ pool, log, schema, waiting }: SchemaOptions): Promise<void> {
  for (let pause = 250; waiting(); pause = Math.min(pause * 2, 5000)) {
    const reason = await schemaFault(pool)
    if (reason !== undefined && reason !== schema.reason) log.warn('replica not ready', { reason })
    schema.reason = reason
    if (reason === undefined) return
    await wait(pause)
  }
}

async function schemaFault(pool: Pool): Promise<string | undefined> {
  try {
    const missing = await missingMigrations(pool)
    return missing.length === 0 ? undefined : `schema: run "npm run migrate" (missing: ${missing.join(', ')})`
  } catch (error) {
    return `database: ${(error as Error).message || (error as { code?: string }).code}`
  }
}
