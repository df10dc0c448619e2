import { randomUUID } from 'node:crypto'
import { migrate } from '../database/migrate.ts'
import { createClient, createPool, type Pool } from '../database/pool.ts'

export interface FreshDatabase {
  readonly url: string
  readonly pool: Pool
  drop(): Promise<void>
}

/** A fresh, migrated database of its own on the Postgres that TEST_DATABASE_URL names; `npm test` starts one. */
export async function freshDatabase({ migrated = true, encoding = 'UTF8' } = {}): Promise<FreshDatabase> {
  const server = process.env.TEST_DATABASE_URL
  if (server === undefined) throw new Error('TEST_DATABASE_URL is missing: run tests with `npm test -- FILE`')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await onServer(server, `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LOCALE 'C'`)
  const url = new URL(server)
  url.pathname = `/${name}`
  if (migrated) await migrate({ url: url.href, role: decodeURIComponent(url.username), say: () => {} })
  const pool = createPool({ url: url.href, name: 'test' })
  return {
    url: url.href,
    pool,
    async drop() {
      await pool.end()
      await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = createClient(url, 'test')
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
