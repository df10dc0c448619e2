import type { Pool } from '../database/pool.ts'
import { emailKey } from './email.ts'
import { createHashQueue, type HashQueue } from './passwords/hash-queue.ts'
import { COST, type Cost, dummyHash, hashPassword, needsRehash, verifyPassword } from './passwords/password-hash.ts'
import { normalise } from './passwords/password-policy.ts'

export type Role = 'customer' | 'staff'

export interface Account {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
  /** A session stores the value of its sign-in. Raising it ends all sessions. */
  readonly credentialsVersion: number
  readonly disabledAt: Date | null
  readonly createdAt: Date
}

export interface NewAccount {
  readonly email: string
  readonly name: string
  readonly password: string
  readonly role: Role
}

/** Counts attempts around a hash. */
export interface AttemptCounter {
  /** Called before the hash, when it has left the queue. Throws where no attempt is left. */
  begin(): Promise<void>
  /** Called after a right password, or for a free address. */
  succeeded(): Promise<void>
}

/** Passwords are as typed. The caller checks new ones with passwordFault(). */
export interface Accounts {
  /** null for a taken address, which costs one hash, too. */
  create(account: NewAccount, attempt?: AttemptCounter): Promise<Account | null>
  /** null also for an id that is no UUID. */
  findById(id: string): Promise<Account | null>
  findByEmail(email: string): Promise<Account | null>
  list(): Promise<readonly Account[]>
  /** null for a wrong password, an unknown or a disabled address. All take the same time. */
  verifyCredentials(email: string, password: string, attempt?: AttemptCounter): Promise<Account | null>
  /** Raises the credentials version. null where the current password is wrong. */
  changePassword(id: string, current: string, password: string, attempt?: AttemptCounter): Promise<Account | null>
  /** Raises the credentials version. */
  setPassword(id: string, password: string): Promise<Account | null>
  /** Raises the credentials version, which ends all sessions. */
  signOutEverywhere(id: string): Promise<Account | null>
  disable(id: string): Promise<Account | null>
  enable(id: string): Promise<Account | null>
  /** Returns whether there was one. */
  delete(id: string): Promise<boolean>
}

export interface AccountsOptions {
  readonly pool: Pool
  /** Default: OWASP's minimum. Weaker hashes are replaced at the next sign-in. */
  readonly cost?: Cost
  readonly hashQueue?: HashQueue
}

export function createAccounts({ pool, cost = COST, hashQueue = createHashQueue() }: AccountsOptions): Accounts {
  const hash = (password: string, attempt?: AttemptCounter) =>
    hashQueue.run(async () => {
      await attempt?.begin()
      return hashPassword(normalise(password), cost)
    })

  async function queryRow(statement: Statement, values: readonly unknown[]): Promise<Row | undefined> {
    const query = typeof statement === 'string' ? { text: statement } : statement
    return (await pool.query<Row>({ ...query, values: [...values] })).rows[0]
  }

  async function byId(statement: Statement, id: string, ...values: readonly unknown[]): Promise<Account | null> {
    return UUID.test(id) ? toAccountOrNull(await queryRow(statement, [id, ...values])) : null
  }

  /** The row where the password is right. A missing row takes the same time. */
  function verifyRow(
    key: string,
    row: Row | undefined,
    password: string,
    attempt?: AttemptCounter,
  ): Promise<Row | undefined> {
    return hashQueue.run(async () => {
      await attempt?.begin()
      const right = await verifyPassword(normalise(password), row?.password ?? dummyHash(cost), cost)
      if (!right || row === undefined || row.disabled_at !== null) return undefined
      await attempt?.succeeded()
      return rehashIfWeak(row, password)
    }, key)
  }

  /** Only now is the password known. */
  async function rehashIfWeak(row: Row, password: string): Promise<Row> {
    if (!needsRehash(row.password, cost)) return row
    const rehashed = await hashPassword(normalise(password), cost)
    // Compared, so that it does not undo a concurrent change of the password.
    await pool.query(REHASH, [row.id, row.password, rehashed])
    return { ...row, password: rehashed }
  }

  return {
    async create({ email, name, role, password }, attempt) {
      const hashed = await hash(password, attempt)
      const row = await queryRow(INSERT, [email, emailKey(email), name, role, hashed])
      if (row !== undefined) await attempt?.succeeded()
      return toAccountOrNull(row)
    },
    findById: (id) => byId(FIND_BY_ID, id),
    findByEmail: async (email) => toAccountOrNull(await queryRow(FIND_BY_EMAIL, [emailKey(email)])),
    list: async () => (await pool.query<Row>(LIST)).rows.map(toAccount),
    async verifyCredentials(email, password, attempt) {
      const key = emailKey(email)
      return toAccountOrNull(await verifyRow(key, await queryRow(FIND_BY_EMAIL, [key]), password, attempt))
    },
    async changePassword(id, current, password, attempt) {
      const row = await verifyRow(id, UUID.test(id) ? await queryRow(FIND_BY_ID, [id]) : undefined, current, attempt)
      return row === undefined ? null : byId(CHANGE_PASSWORD, id, row.password, await hash(password))
    },
    setPassword: async (id, password) => byId(SET_PASSWORD, id, await hash(password)),
    signOutEverywhere: (id) => byId(END_SESSIONS, id),
    disable: (id) => byId(DISABLE, id),
    enable: (id) => byId(ENABLE, id),
    delete: async (id) => UUID.test(id) && (await pool.query(DELETE, [id])).rowCount === 1,
  }
}

type Statement = string | { readonly name: string; readonly text: string }

interface Row {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly password: string
  readonly credentials_version: number
  readonly disabled_at: Date | null
  readonly created_at: Date
}

function toAccountOrNull(row: Row | undefined): Account | null {
  return row === undefined ? null : toAccount(row)
}

function toAccount({ id, name, email, role, credentials_version, disabled_at, created_at }: Row): Account {
  return {
    id,
    name,
    email,
    role,
    credentialsVersion: credentials_version,
    disabledAt: disabled_at,
    createdAt: created_at,
  }
}

/** A session of another application may hold any id. Postgres throws for one that is no UUID. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

const COLUMNS = 'id, email, name, role, password, credentials_version, disabled_at, created_at'
// An exception would cost the connection.
const INSERT = `INSERT INTO account (email, email_key, name, role, password) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (email_key) DO NOTHING RETURNING ${COLUMNS}`
// Prepared: it runs in every request of a signed-in user.
const FIND_BY_ID = { name: 'account find', text: `SELECT ${COLUMNS} FROM account WHERE id = $1` }
const FIND_BY_EMAIL = `SELECT ${COLUMNS} FROM account WHERE email_key = $1`
const LIST = `SELECT ${COLUMNS} FROM account ORDER BY email_key`
// Compares the verified hash again, so of two concurrent changes one wins.
const CHANGE_PASSWORD = `UPDATE account SET password = $3, credentials_version = credentials_version + 1
  WHERE id = $1 AND password = $2 AND disabled_at IS NULL RETURNING ${COLUMNS}`
const REHASH = 'UPDATE account SET password = $3 WHERE id = $1 AND password = $2'
const SET_PASSWORD = `UPDATE account SET password = $2, credentials_version = credentials_version + 1 WHERE id = $1 RETURNING ${COLUMNS}`
const END_SESSIONS = `UPDATE account SET credentials_version = credentials_version + 1 WHERE id = $1 RETURNING ${COLUMNS}`
const DISABLE = `UPDATE account SET disabled_at = coalesce(disabled_at, now()), credentials_version = credentials_version + 1
  WHERE id = $1 RETURNING ${COLUMNS}`
const ENABLE = `UPDATE account SET disabled_at = NULL WHERE id = $1 RETURNING ${COLUMNS}`
const DELETE = 'DELETE FROM account WHERE id = $1'
