import { literal, quotedNames, type TableName } from './table-name.ts'

// `expire` has no time zone, so every statement names one: session_zone(), made by the first
// migration. Only the database's clock decides what has expired. Lifetimes are parameters in
// milliseconds, because a replica's clock may be wrong.

/**
 * A role or database may have synchronous_commit off, but an acknowledged change must survive a
 * crash. Postgres reads the setting at commit, so RETURNING is early enough.
 */
const DURABLE = `CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END`

/** To subtract now() from a later or infinite timestamp fails, and the whole batch with it. */
const MAX_INSTANT = `'9999-01-01'`
/** Seeds of the keys of advisory locks. */
const [MAINTENANCE_LOCK, ACCOUNT_LOCK] = [7_060_215_003, 7_060_215_004]
const after = (parameter: string) => `now() + ${parameter}::float8 * interval '1 millisecond'`

export type Statements = ReturnType<typeof statementsFor>

export function statementsFor(table: TableName = {}) {
  const { session, tombstone, zone } = quotedNames(table)
  const LIVE = `expire > now() AT TIME ZONE ${zone}()`
  const zoned = (instant: string) => `(${instant}) AT TIME ZONE ${zone}()`
  const initialExpiry = (idleMs: string, absoluteMs: string) =>
    zoned(after(`least(${idleMs}::float8, ${absoluteMs}::float8)`))
  /** Never moves the expiry back, unless the application chose another lifetime (`mayShorten`). */
  const touchedExpiry = (idleMs: string, absoluteMs: string, mayShorten = 'false') =>
    `least(greatest(CASE WHEN ${mayShorten} THEN NULL ELSE expire END, ${zoned(after(idleMs))}),
      ${zoned(`least(coalesce(absolute_expire, ${after(absoluteMs)}), ${MAX_INSTANT})`)})`

  /** `extract` computes in decimals and makes reading a row ten times as expensive. */
  const ROW_COLUMNS = `sess::text, xmin::text,
    CASE WHEN expire < ${MAX_INSTANT}
         THEN date_part('epoch', expire AT TIME ZONE ${zone}() - now()) * 1000 ELSE 'Infinity' END,
    CASE WHEN absolute_expire < ${MAX_INSTANT}
         THEN date_part('epoch', greatest(absolute_expire, '1970-01-01') - now()) * 1000 ELSE 'Infinity' END`

  /** $1: sids. Returns sid, then ROW_COLUMNS. */
  const READ = `SELECT sid, ${ROW_COLUMNS} FROM ${session} WHERE sid = ANY($1::varchar[]) AND ${LIVE}`

  const ENDED_RECENTLY = `
    SELECT FROM ${tombstone} WHERE sid = ANY($1::varchar[]) AND ended_at > now() - interval '1 minute'`

  /** An id that ended stays ended, also for a caller that stores by id. */
  const INSERT = `
    INSERT INTO ${session} (sid, sess, account, expire, absolute_expire)
    SELECT $1::varchar, $2::json, $3::text, ${initialExpiry('$4', '$5')}, ${after('$5')}
     WHERE NOT EXISTS (SELECT FROM ${tombstone} WHERE sid = $1::varchar)
    ON CONFLICT (sid) DO NOTHING RETURNING xmin::text, ${DURABLE}`

  /** Never an upsert: a session that ended meanwhile stays ended. */
  const UPDATE = `
    UPDATE ${session} AS session SET sess = $3::json, account = $4
     WHERE sid = $1 AND xmin = $2::text::xid AND ${LIVE} RETURNING xmin::text, ${DURABLE}`

  const UPDATE_AND_TOUCH = `
    UPDATE ${session} AS session SET sess = $3::json, account = $4,
           expire = ${touchedExpiry('$5', '$6', '$7::bool')},
           absolute_expire = coalesce(absolute_expire, ${after('$6')})
     WHERE sid = $1 AND xmin = $2::text::xid AND ${LIVE} RETURNING xmin::text, ${DURABLE}`

  /**
   * A batch of UPDATE, or of UPDATE_AND_TOUCH where a lifetime is given. Returns position and new
   * version. SKIP LOCKED, so that no request waits for the lock of another session. Of two updates
   * of one session the first is written. The contents are one JSON array: in text[] every quotation
   * mark is escaped, which costs more than the rest of the statement.
   */
  const UPDATE_MANY = `
    WITH wanted AS (
      SELECT DISTINCT ON (sid) *
        FROM ROWS FROM (
          unnest($1::varchar[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::bool[]),
          json_array_elements($7::json))
        WITH ORDINALITY AS wanted(sid, version, account, idle_ms, absolute_ms, may_shorten, sess, position)
       ORDER BY sid, position),
    locked AS MATERIALIZED (
      SELECT sid FROM ${session} WHERE sid = ANY($1::varchar[]) AND ${LIVE} ORDER BY sid FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE ${session} AS session SET sess = wanted.sess, account = wanted.account,
           expire = CASE WHEN idle_ms IS NULL THEN expire
                         ELSE ${touchedExpiry('idle_ms', 'absolute_ms', 'may_shorten')} END,
           absolute_expire = coalesce(absolute_expire, ${after('absolute_ms')})
      FROM locked JOIN wanted USING (sid)
     WHERE session.sid = locked.sid AND session.xmin = wanted.version::xid
    RETURNING position::int, session.xmin::text, ${DURABLE}`

  const LOCK = `SELECT ${ROW_COLUMNS} FROM ${session} WHERE sid = $1 AND ${LIVE} FOR UPDATE`

  /** For a row that LOCK holds. One statement, so that the session exists at every moment. */
  const ROTATE_ID = `
    WITH rotated AS (
      UPDATE ${session} AS session SET sid = $2, sess = $3::json, account = $4,
             expire = ${initialExpiry('$5', '$6')}, absolute_expire = ${after('$6')}
       WHERE sid = $1 RETURNING ${ROW_COLUMNS}, ${DURABLE}
    ), tombstone AS (
      INSERT INTO ${tombstone} (sid, successor) SELECT $1, $2 FROM rotated ON CONFLICT DO NOTHING)
    SELECT * FROM rotated`

  /**
   * $1: sids, $2 and $3: lifetimes, $4: versions. A version is checked where it is given, because
   * another request may have chosen a shorter lifetime. Rows are locked in the order of sids, else
   * two batches can deadlock. The next request repeats a lost touch, so the statement does not wait
   * for the disk.
   */
  const TOUCH_MANY = `
    WITH fast AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
    due AS (
      SELECT * FROM unnest($1::varchar[], $2::float8[], $3::float8[], $4::text[])
        AS due(sid, idle_ms, absolute_ms, version)),
    locked AS MATERIALIZED (
      SELECT sid FROM ${session} WHERE sid = ANY($1::varchar[]) AND ${LIVE} ORDER BY sid FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE ${session} AS session SET expire = ${touchedExpiry('idle_ms', 'absolute_ms')},
           absolute_expire = coalesce(absolute_expire, ${after('absolute_ms')})
      FROM fast, locked JOIN due USING (sid)
     WHERE session.sid = locked.sid AND (due.version IS NULL OR session.xmin = due.version::xid)
    RETURNING session.sid`

  const RENAME = `
    UPDATE ${session} AS session SET sid = $2
     WHERE sid = $1 AND ${LIVE} AND NOT EXISTS (SELECT FROM ${session} WHERE sid = $2) RETURNING sid`

  const INSERT_TOMBSTONES = `
    INSERT INTO ${tombstone} (sid) SELECT sid FROM deleted ON CONFLICT (sid) DO UPDATE SET ended_at = now()`

  const DESTROY = `
    WITH deleted AS (DELETE FROM ${session} WHERE sid = $1 RETURNING sid, ${DURABLE}) ${INSERT_TOMBSTONES}`

  /** The sids that replaced $1, one after another. `condition` limits the first step. */
  const successorIds = (condition = '') => `successors(sid) AS (
      SELECT successor FROM ${tombstone} WHERE sid = $1 ${condition} UNION
      SELECT successor FROM successors JOIN ${tombstone} USING (sid))`

  /** Destroys the session that sid $1 was rotated to. */
  const DESTROY_ROTATED = `
    WITH RECURSIVE ${successorIds()},
    deleted AS (DELETE FROM ${session} WHERE sid IN (SELECT sid FROM successors) RETURNING sid, ${DURABLE})
    ${INSERT_TOMBSTONES}`

  /** The live session of account $2 that replaced sid $1 within the last ten minutes. */
  const SUCCESSOR = `
    WITH RECURSIVE ${successorIds(`AND ended_at > now() - interval '10 minutes'`)}
    SELECT sess::text FROM ${session} JOIN successors USING (sid) WHERE account = $2 AND ${LIVE}`

  /** sid, then ROW_COLUMNS, of account $1; the newest first. */
  const BY_ACCOUNT = `
    SELECT sid, ${ROW_COLUMNS} FROM ${session} WHERE account = $1 AND ${LIVE} ORDER BY absolute_expire DESC NULLS LAST`

  /** One sign-in of an account after the other counts its sessions. */
  const LOCK_ACCOUNT = `SELECT pg_advisory_xact_lock(hashtextextended($1, ${ACCOUNT_LOCK}))`

  /** Destroys the oldest sessions of account $1, so that $2 are left, among them sid $3. */
  const LIMIT_ACCOUNT = `
    WITH deleted AS (
      DELETE FROM ${session} WHERE sid IN (
        SELECT sid FROM ${session} WHERE account = $1 AND ${LIVE}
         ORDER BY sid = $3 DESC, absolute_expire DESC NULLS LAST, sid OFFSET $2)
      RETURNING sid, ${DURABLE}) ${INSERT_TOMBSTONES}`

  const DESTROY_BY_ACCOUNT = `
    WITH deleted AS (DELETE FROM ${session} WHERE account = $1 AND sid IS DISTINCT FROM $2 RETURNING sid, ${DURABLE})
    ${INSERT_TOMBSTONES}`

  /** $2: only the process that gets the lock, which it holds as long as the statement runs. */
  const DELETE_EXPIRED = `
    WITH claim AS MATERIALIZED (
      SELECT NOT $2::bool OR pg_try_advisory_xact_lock(hashtextextended(${literal(session)}, ${MAINTENANCE_LOCK})) AS mine)
    DELETE FROM ${session} WHERE sid IN (
      SELECT sid FROM ${session} WHERE (SELECT mine FROM claim) AND NOT (${LIVE})
       ORDER BY expire LIMIT $1 FOR UPDATE SKIP LOCKED)`

  /** After ten minutes no request can still be in flight with such a sid. */
  const DELETE_OLD_TOMBSTONES = `
    DELETE FROM ${tombstone} WHERE sid IN (
      SELECT sid FROM ${tombstone} WHERE ended_at < now() - interval '10 minutes'
       LIMIT $1 FOR UPDATE SKIP LOCKED)`

  const CLEAR = `WITH deleted AS (DELETE FROM ${session} RETURNING sid, ${DURABLE}) ${INSERT_TOMBSTONES}`

  const ALL = `SELECT sid, sess::text FROM ${session} WHERE ${LIVE}`

  const COUNT = `SELECT count(*)::float8 FROM ${session} WHERE ${LIVE}`

  const STATISTICS = `
    SELECT count(*) FILTER (WHERE ${LIVE})::float8 AS live,
           count(*) FILTER (WHERE ${LIVE} AND account IS NOT NULL)::float8 AS signed_in,
           count(*) FILTER (WHERE NOT ${LIVE})::float8 AS expired,
           pg_total_relation_size(${literal(session)})::float8 AS bytes
      FROM ${session}`

  return {
    ENDED_RECENTLY,
    READ,
    INSERT,
    UPDATE,
    UPDATE_AND_TOUCH,
    UPDATE_MANY,
    LOCK,
    ROTATE_ID,
    RENAME,
    TOUCH_MANY,
    DESTROY,
    DESTROY_ROTATED,
    SUCCESSOR,
    BY_ACCOUNT,
    LOCK_ACCOUNT,
    LIMIT_ACCOUNT,
    DESTROY_BY_ACCOUNT,
    DELETE_EXPIRED,
    DELETE_OLD_TOMBSTONES,
    CLEAR,
    ALL,
    COUNT,
    STATISTICS,
  }
}
