import { Client } from 'pg'

/** Runs one statement on a new connection. Returns the rows. */
export async function query<Row extends object>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  return await connected(url, async (client) => (await client.query<Row>(sql, values)).rows)
}

/** Creates a login role and its database where missing. Returns their URL. */
export async function provideDatabase(superuserUrl: string, name: string, password: string): Promise<string> {
  await connected(superuserUrl, async (client) => {
    const roles = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
    const verb = roles.rowCount === 0 ? 'CREATE' : 'ALTER'
    await client.query(`${verb} ROLE "${name}" LOGIN PASSWORD '${password}'`)
    const databases = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (databases.rowCount === 0) await client.query(`CREATE DATABASE "${name}" OWNER "${name}"`)
  })
  return Object.assign(new URL(superuserUrl), { username: name, password, pathname: `/${name}` }).href
}

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  // A stopping server reports it here and to the query.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
