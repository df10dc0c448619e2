import type { Pool } from '../database/pool.ts'
import { emailKey } from './email.ts'
import { createLine, type Line } from './passwords/hash-queue.ts'
import { COST, type Cost, decoy, hashPassword, needsRehash, verifyPassword } from './passwords/password-hash.ts'
import { normalised } from './passwords/password-policy.ts'

export type Role = 'customer' | 'staff'

/** A person who can sign in, as read from the database a moment ago. */
export interface Account {
  readonly id: string
  readonly name: string
  /** As typed. */
  readonly email: string
  readonly role: Role
  /** Raised when all sessions must end; a session holds the one of its sign-in. */
  readonly generation: number
  readonly disabledAt: Date | null
  readonly createdAt: Date
}

export interface NewAccount {
  readonly email: string
  readonly name: string
  readonly password: string
  readonly role: Role
}

/** What counts attempts around a hash. */
export interface Attempt {
  /** Before the hash, once it has its place in the line; throws where there may be no further attempt. */
  begin(): Promise<void>
  /** After a right password, or a free address. */
  succeeded(): Promise<void>
}

/** Who people are. Passwords come as typed; whether a new one is good enough is asked before, see `password.ts`. */
export interface Accounts {
  /** Adds a person; null where the address is taken, which costs one hash as well. Of several at once one wins. */
  add(person: NewAccount, attempt?: Attempt): Promise<Account | null>
  /** Fresh from the database; null where there is none, or `id` is no id of ours. */
  find(id: string): Promise<Account | null>
  /** By address, upper or lower case. */
  named(email: string): Promise<Account | null>
  /** Everybody, by address. */
  list(): Promise<readonly Account[]>
  /** The person whose address and password these are. Unknown and disabled ones take as long, and are null as well. */
  check(email: string, password: string, attempt?: Attempt): Promise<Account | null>
  /** Sets a new password where the current one is right, and raises the generation; null where it is wrong. */
  changePassword(id: string, current: string, password: string, attempt?: Attempt): Promise<Account | null>
  /** Sets a password without asking for the current one, and raises the generation. */
  setPassword(id: string, password: string): Promise<Account | null>
  /** Raises the generation: every session of before is a visitor's. */
  signOutEverywhere(id: string): Promise<Account | null>
  disable(id: string): Promise<Account | null>
  enable(id: string): Promise<Account | null>
  /** Removes the person; whether there was one. */
  delete(id: string): Promise<boolean>
}

export interface AccountsOptions {
  readonly pool: Pool
  /** Default: OWASP's minimum. Passwords that were hashed for less are hashed again when their owner signs in. */
  readonly cost?: Cost
  /** Where hashes wait; one for a replica. */
  readonly line?: Line
}

/** Makes the accounts over the table `account`. */
export function createAccounts({ pool, cost = COST, line = createLine() }: AccountsOptions): Accounts {
  const hash = (password: string, attempt?: Attempt) =>
    line.run(async () => {
      await attempt?.begin()
      return hashPassword(normalised(password), cost)
    })

  async function one(statement: Statement, values: readonly unknown[]): Promise<Row | undefined> {
    const query = typeof statement === 'string' ? { text: statement } : statement
    return (await pool.query<Row>({ ...query, values: [...values] })).rows[0]
  }

  async function byId(statement: Statement, id: string, ...values: readonly unknown[]): Promise<Account | null> {
    return UUID.test(id) ? accountOf(await one(statement, [id, ...values])) : null
  }

  /** The row, if the password made its hash; a missing row is as dear. */
  function proven(key: string, row: Row | undefined, password: string, attempt?: Attempt): Promise<Row | undefined> {
    return line.run(async () => {
      await attempt?.begin()
      const right = await verifyPassword(normalised(password), row?.password ?? decoy(cost), cost)
      if (!right || row === undefined || row.disabled_at !== null) return undefined
      await attempt?.succeeded()
      return hashedAnew(row, password)
    }, key)
  }

  /** Of its own accord a hash never gets dearer: the password is known only now. */
  async function hashedAnew(row: Row, password: string): Promise<Row> {
    if (!needsRehash(row.password, cost)) return row
    const renewed = await hashPassword(normalised(password), cost)
    // Compared, so that a password that was changed meanwhile is not changed back.
    await pool.query(REHASH, [row.id, row.password, renewed])
    return { ...row, password: renewed }
  }

  return {
    async add({ email, name, role, password }, attempt) {
      const hashed = await hash(password, attempt)
      const row = await one(INSERT, [email, emailKey(email), name, role, hashed])
      if (row !== undefined) await attempt?.succeeded()
      return accountOf(row)
    },
    find: (id) => byId(FIND, id),
    named: async (email) => accountOf(await one(FIND_NAMED, [emailKey(email)])),
    list: async () => (await pool.query<Row>(LIST)).rows.map(toAccount),
    async check(email, password, attempt) {
      const key = emailKey(email)
      return accountOf(await proven(key, await one(FIND_NAMED, [key]), password, attempt))
    },
    async changePassword(id, current, password, attempt) {
      const row = await proven(id, UUID.test(id) ? await one(FIND, [id]) : undefined, current, attempt)
      return row === undefined ? null : byId(CHANGE_PASSWORD, id, row.password, await hash(password))
    },
    setPassword: async (id, password) => byId(SET_PASSWORD, id, await hash(password)),
    signOutEverywhere: (id) => byId(RAISE_GENERATION, id),
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
  readonly generation: number
  readonly disabled_at: Date | null
  readonly created_at: Date
}

function accountOf(row: Row | undefined): Account | null {
  return row === undefined ? null : toAccount(row)
}

function toAccount({ id, name, email, role, generation, disabled_at, created_at }: Row): Account {
  return { id, name, email, role, generation, disabledAt: disabled_at, createdAt: created_at }
}

/** An adopted session may name somebody by anything; Postgres refuses what is no uuid with an error. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

const COLUMNS = 'id, email, name, role, password, generation, disabled_at, created_at'
// An exception would cost the connection; a conflict is an answer like any other.
const INSERT = `INSERT INTO account (email, email_key, name, role, password) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (email_key) DO NOTHING RETURNING ${COLUMNS}`
// Asked at every request of a signed-in person: prepared once on each connection.
const FIND = { name: 'account find', text: `SELECT ${COLUMNS} FROM account WHERE id = $1` }
const FIND_NAMED = `SELECT ${COLUMNS} FROM account WHERE email_key = $1`
const LIST = `SELECT ${COLUMNS} FROM account ORDER BY email_key`
// The hash that was verified is compared again: of two changes at once one wins, and an old password changes nothing.
const CHANGE_PASSWORD = `UPDATE account SET password = $3, generation = generation + 1
  WHERE id = $1 AND password = $2 AND disabled_at IS NULL RETURNING ${COLUMNS}`
const REHASH = 'UPDATE account SET password = $3 WHERE id = $1 AND password = $2'
const SET_PASSWORD = `UPDATE account SET password = $2, generation = generation + 1 WHERE id = $1 RETURNING ${COLUMNS}`
const RAISE_GENERATION = `UPDATE account SET generation = generation + 1 WHERE id = $1 RETURNING ${COLUMNS}`
const DISABLE = `UPDATE account SET disabled_at = coalesce(disabled_at, now()), generation = generation + 1
  WHERE id = $1 RETURNING ${COLUMNS}`
const ENABLE = `UPDATE account SET disabled_at = NULL WHERE id = $1 RETURNING ${COLUMNS}`
const DELETE = 'DELETE FROM account WHERE id = $1'
