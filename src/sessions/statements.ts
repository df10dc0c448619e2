/** The store's SQL. `expire` has no zone: every statement names it, and the database's clock alone decides what has expired. */

const LIVE = 'expire > now() AT TIME ZONE session_zone()'
/** `$n` is a lifetime in milliseconds: a duration, because a replica's clock may be off. */
const expiry = (parameter: string) => `(now() + ${parameter} * interval '1 millisecond') AT TIME ZONE session_zone()`

export const READ = `
  SELECT sess::text AS sess,
         extract(epoch FROM (expire AT TIME ZONE session_zone()) - now())::float8 * 1000 AS remaining
    FROM session WHERE sid = $1 AND ${LIVE}`

export const INSERT = `
  INSERT INTO session (sid, sess, expire, account)
  VALUES ($1, $2::json, ${expiry('$3')}, $2::json ->> 'account') ON CONFLICT (sid) DO NOTHING`

/** Never an upsert: a session that has ended meanwhile stays ended, and an expired one is not revived. */
export const UPDATE = `
  UPDATE session SET sess = $2::json, expire = ${expiry('$3')}, account = $2::json ->> 'account'
   WHERE sid = $1 AND ${LIVE}`

/** A new id for the same row: at no moment is the session away, and the old id is dead at once. */
export const RENAME = `
  UPDATE session SET sid = $4, sess = $2::json, expire = ${expiry('$3')}, account = $2::json ->> 'account'
   WHERE sid = $1 AND ${LIVE}`

/** Only ever later: of two that come at once neither shortens the other's. */
export const RENEW = `
  UPDATE session SET expire = greatest(expire, ${expiry('$2')}) WHERE sid = $1 AND ${LIVE}`

export const DESTROY = 'DELETE FROM session WHERE sid = $1'

export const END_ACCOUNT = 'DELETE FROM session WHERE account = $1 AND sid IS DISTINCT FROM $2'

export const IDS = `SELECT sid FROM session WHERE ${LIVE}`

export const ALL = `SELECT sid, sess::text AS sess FROM session WHERE ${LIVE}`

export const COUNT = `
  SELECT count(*) FILTER (WHERE ${LIVE})::float8 AS live,
         count(*) FILTER (WHERE ${LIVE} AND account IS NOT NULL)::float8 AS signed_in,
         count(*) FILTER (WHERE NOT ${LIVE})::float8 AS expired,
         pg_total_relation_size('session')::float8 AS bytes
    FROM session`

/** In batches, skipping what others hold, so that nobody waits for it. */
export const PRUNE = `
  DELETE FROM session WHERE sid IN (
    SELECT sid FROM session WHERE NOT (${LIVE}) ORDER BY expire LIMIT $1 FOR UPDATE SKIP LOCKED)`
