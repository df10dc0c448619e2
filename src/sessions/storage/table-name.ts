import { createHash } from 'node:crypto'

/** Names as in connect-pg-simple. They are quoted, so every name that Postgres takes is right. */
export interface TableName {
  /** Default `session`. The table of tombstones and the function of the time zone follow it. */
  readonly tableName?: string | undefined
  /** Default: the first schema of the connection's search path. */
  readonly schemaName?: string | undefined
}

/** For names of prepared statements. A table name can be too long: they have 63 bytes at most. */
export function statementPrefix(table: TableName): string {
  const { session } = quotedNames(table)
  return session === '"session"' ? 'session' : createHash('sha256').update(session).digest('base64url').slice(0, 12)
}

/** The names of what the migrations make, quoted. */
export function quotedNames({ tableName = 'session', schemaName }: TableName) {
  const schema = schemaName === undefined ? '' : `${identifier(schemaName)}.`
  const quoted = (name: string) => schema + identifier(name)
  return { session: quoted(tableName), tombstone: quoted(`${tableName}_tombstone`), zone: quoted(`${tableName}_zone`) }
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
