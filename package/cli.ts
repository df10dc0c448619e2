#!/usr/bin/env node
import process from 'node:process'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { removeExpiredSessions } from '../src/sessions/operations/cleanup.ts'
import { migrateSessions, missingObjects } from '../src/sessions/operations/migrate.ts'
import { createStatistics } from '../src/sessions/operations/statistics.ts'
import { PostgresSessionStore } from '../src/sessions/request/session-store.ts'
import { PostgresTable } from '../src/sessions/storage/postgres-table.ts'
import type { TableName } from '../src/sessions/storage/table-name.ts'

const HELP = `roundhouse-sessions: the table of sessions in PostgreSQL

  migrate   create or complete the table; it only adds, and concurrent runs wait for each other
  status    live, signed in and expired sessions, size, and what is missing (exit code 2)
  prune     remove expired sessions

  --database-url URL   default: the environment variable DATABASE_URL
  --table-name NAME    default: session
  --schema-name NAME   default: the first schema of the search path

Example
  npx roundhouse-sessions migrate --database-url postgres://user@localhost/shop
`

/** Of sysexits.h: wrong usage; the database is unavailable, a retry may help. */
const [EXIT_USAGE, EXIT_TEMPFAIL, EXIT_MISSING] = [64, 75, 2]
const OPTIONS = {
  'database-url': { type: 'string' },
  'table-name': { type: 'string' },
  'schema-name': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

type Command = (pool: pg.Pool, table: TableName) => Promise<number>

const COMMANDS: Readonly<Record<string, Command>> = {
  async migrate(pool, table) {
    const ran = await migrateSessions({ pool, ...table, onProgress: printLine })
    if (ran.length === 0) printLine('the schema is up to date')
    return 0
  },
  async status(pool, table) {
    const missing = await missingObjects(pool, table)
    for (const { what } of missing) printLine(`missing: ${what}`)
    if (missing.length > 0) {
      printLine('run: npx roundhouse-sessions migrate')
      return EXIT_MISSING
    }
    const { live, signedIn, expired, bytes } = await createStatistics(pool, table).read()
    printLine(`live ${live}\nsigned in ${signedIn}\nexpired ${expired}\nbytes ${bytes}`)
    return 0
  },
  async prune(pool, table) {
    const store = new PostgresSessionStore({ table: new PostgresTable(pool, () => {}, table) })
    printLine(`removed ${await removeExpiredSessions(store)}`)
    return 0
  },
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    process.exitCode = explain(error)
  },
)

async function main(args: readonly string[]): Promise<number> {
  const parsed = parse(args)
  if (typeof parsed === 'string') return usageError(parsed)
  const { values, positionals } = parsed
  const [name, ...rest] = positionals
  if (values.help === true || name === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  const command = COMMANDS[name ?? '']
  if (command === undefined)
    return usageError(name === undefined ? 'a command is missing' : `there is no command "${name}"`)
  if (rest.length > 0) return usageError(`${name} takes options only, not "${rest.join(' ')}"`)
  const connectionString = values['database-url'] ?? process.env.DATABASE_URL
  if (!connectionString) return usageError('say which database: --database-url, or DATABASE_URL')
  const pool = new pg.Pool({ connectionString, max: 2, connectionTimeoutMillis: 5000 })
  pool.on('error', () => {})
  try {
    return await command(pool, { tableName: values['table-name'], schemaName: values['schema-name'] })
  } finally {
    await pool.end()
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    return (error as Error).message
  }
}

function usageError(message: string): number {
  process.stderr.write(`${message}\n\n${HELP}`)
  return EXIT_USAGE
}

/** SQLSTATE classes: connection, no resources, operator intervention. */
const UNAVAILABLE = /^(08|53|57)|^E(CONN|HOST|NET|TIMEDOUT|AI_AGAIN)/

function explain(error: Error & { code?: string; errors?: readonly Error[]; cause?: unknown }): number {
  const cause = (error.cause ?? error.errors?.[0] ?? error) as Error & { code?: string }
  const isUnavailable = UNAVAILABLE.test(cause.code ?? '') || /timeout|terminated/i.test(cause.message)
  process.stderr.write(`${isUnavailable ? 'the database is unavailable: ' : ''}${cause.message || cause.code}\n`)
  if (cause.code === '42P01') process.stderr.write('the table is missing: run "npx roundhouse-sessions migrate"\n')
  return isUnavailable ? EXIT_TEMPFAIL : 1
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
