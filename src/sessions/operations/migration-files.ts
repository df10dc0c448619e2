import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { identifier, literal, quotedNames, type TableName } from '../storage/table-name.ts'

const FOLDER = join(import.meta.dirname, '..', 'migrations')

export interface MigrationFile {
  readonly name: string
  readonly text: string
  /** false for a file with CREATE INDEX CONCURRENTLY. Its first line says so. */
  readonly transaction: boolean
}

/** The files of `migrations/`, for this table. */
export async function migrationFiles(table: TableName = {}): Promise<readonly MigrationFile[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(FOLDER, name), 'utf8')
      return { name: name.slice(0, -4), text: forTable(text, table), transaction: !/^-- No transaction/i.test(text) }
    }),
  )
}

/** The files name the objects of the default table, always in quotation marks. */
function forTable(text: string, table: TableName): string {
  const { tableName = 'session' } = table
  const { session, tombstone, zone } = quotedNames(table)
  const replacements: Readonly<Record<string, string>> = {
    '"session"': session,
    '"session_tombstone"': tombstone,
    "'session_zone'": literal(zone),
    '"session_pkey"': identifier(`${tableName}_pkey`),
    '"IDX_session_expire"': identifier(`IDX_${tableName}_expire`),
    '"session_account"': identifier(`${tableName}_account`),
  }
  return text.replace(/"(IDX_)?session\w*"|'session_zone'/g, (name) => replacements[name] ?? name)
}
