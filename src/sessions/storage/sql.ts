/** The table's SQL. `expire` has no zone: every statement names it, and the database's clock alone decides what has expired. */

const LIVE = 'expire > now() AT TIME ZONE session_zone()'
/** Lifetimes are durations in milliseconds, because a replica's clock may be off. */
const after = (parameter: string) => `now() + ${parameter}::float8 * interval '1 millisecond'`
const zoned = (instant: string) => `(${instant}) AT TIME ZONE session_zone()`
/** Where the expiry of a new session stands. */
const FIRST = (idle: string, absolute: string) => zoned(after(`least(${idle}::float8, ${absolute}::float8)`))
/** Where activity moves it: never back, unless the application chose another lifetime, and never past the session's end. */
const LATER = (idle: string, absolute: string, chosen = 'false') =>
  `least(greatest(CASE WHEN ${chosen} THEN NULL ELSE expire END, ${zoned(after(idle))}), ${zoned(`least(coalesce(ends, ${after(absolute)}), ${FAR})`)})`
/** A role or database may have it off; what a person was told must survive a crash. Read at commit, so it may stand in RETURNING. */
const DURABLE = `CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END`

/** Later than any expiry of ours. What is later, or infinite, has no difference to now on every Postgres: the read of all would fail. */
const FAR = `'9999-01-01'`
/** `date_part`, not `extract`, which reckons in decimals: a tenth of what reading a row costs. */
const ROW = `sess::text, xmin::text,
  CASE WHEN expire < ${FAR} THEN date_part('epoch', expire AT TIME ZONE session_zone() - now()) * 1000 ELSE 'Infinity' END,
  CASE WHEN ends < ${FAR} THEN date_part('epoch', greatest(ends, '1970-01-01') - now()) * 1000 ELSE 'Infinity' END`

/** Of many: sid, then the columns of a row. */
export const READ = `SELECT sid, ${ROW} FROM session WHERE sid = ANY($1::varchar[]) AND ${LIVE}`

export const ENDED_LATELY = `SELECT FROM session_ended WHERE sid = ANY($1::varchar[]) AND at > now() - interval '1 minute'`

export const INSERT = `
  INSERT INTO session (sid, sess, account, expire, ends)
  VALUES ($1, $2::json, $3, ${FIRST('$4', '$5')}, ${after('$5')}) ON CONFLICT (sid) DO NOTHING RETURNING xmin::text, ${DURABLE}`

/** Never an upsert: a session that has ended meanwhile stays ended, and an expired one is not revived. */
export const UPDATE = `
  UPDATE session SET sess = $3::json, account = $4
   WHERE sid = $1 AND xmin = $2::text::xid AND ${LIVE} RETURNING xmin::text, ${DURABLE}`

export const UPDATE_AND_RENEW = `
  UPDATE session SET sess = $3::json, account = $4, expire = ${LATER('$5', '$6', '$7::bool')}, ends = coalesce(ends, ${after('$6')})
   WHERE sid = $1 AND xmin = $2::text::xid AND ${LIVE} RETURNING xmin::text, ${DURABLE}`

/**
 * Many at once, each as UPDATE, or as UPDATE_AND_RENEW where it has lifetimes; answers with place and new version. A row that another holds is left alone, so that
 * nobody waits for somebody else's session; of two that have the same session the first is written. The contents are one JSON array, whose elements come out as
 * they went in: in an array of texts every quotation mark would be escaped, which costs more than all the rest.
 */
export const UPDATE_MANY = `
  WITH wanted AS (
    SELECT DISTINCT ON (sid) *
      FROM ROWS FROM (unnest($1::varchar[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::bool[]), json_array_elements($7::json))
      WITH ORDINALITY AS wanted(sid, version, account, idle, absolute, chosen, sess, place) ORDER BY sid, place),
  held AS MATERIALIZED (
    SELECT sid FROM session WHERE sid = ANY($1::varchar[]) AND ${LIVE} ORDER BY sid FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE session SET sess = wanted.sess, account = wanted.account,
         expire = CASE WHEN idle IS NULL THEN expire ELSE ${LATER('idle', 'absolute', 'chosen')} END,
         ends = coalesce(ends, ${after('absolute')})
    FROM held JOIN wanted USING (sid)
   WHERE session.sid = held.sid AND session.xmin = wanted.version::xid RETURNING place::int, session.xmin::text, ${DURABLE}`

export const LOCK = `SELECT ${ROW} FROM session WHERE sid = $1 AND ${LIVE} FOR UPDATE`

/** A new id, and new contents, for the row that LOCK holds: at no moment is the session away, and the old id is dead at once. */
export const RENAME = `
  WITH renamed AS (
    UPDATE session SET sid = $2, sess = $3::json, account = $4, expire = ${FIRST('$5', '$6')}, ends = ${after('$6')}
     WHERE sid = $1 RETURNING ${ROW}, ${DURABLE}
  ), ended AS (INSERT INTO session_ended (sid, renamed) SELECT $1, $2 FROM renamed ON CONFLICT DO NOTHING)
  SELECT * FROM renamed`

/**
 * Many at once: $1 sids, $2 and $3 their lifetimes, $4 their versions where these must not have changed: another request may have chosen a shorter life. Locked in the order of ids, or two such statements could wait for each other; a row that another
 * is changing at this moment is left for the next request. A lost renewal is made up by the next request, so nobody waits for the disk.
 */
export const RENEW = `
  WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
  due AS (SELECT * FROM unnest($1::varchar[], $2::float8[], $3::float8[], $4::text[]) AS due(sid, idle, absolute, version)),
  held AS MATERIALIZED (
    SELECT sid FROM session WHERE sid = ANY($1::varchar[]) AND ${LIVE} ORDER BY sid FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE session SET expire = ${LATER('idle', 'absolute')}, ends = coalesce(ends, ${after('absolute')})
    FROM quick, held JOIN due USING (sid)
   WHERE session.sid = held.sid AND (due.version IS NULL OR session.xmin = due.version::xid) RETURNING session.sid`

const ENDED = 'INSERT INTO session_ended (sid) SELECT sid FROM gone ON CONFLICT (sid) DO UPDATE SET at = now()'

export const DESTROY = `WITH gone AS (DELETE FROM session WHERE sid = $1 RETURNING sid, ${DURABLE}) ${ENDED}`

/** The ids that came after $1, each renamed to the next; with $1's own age limited where that is asked for. */
const LATER_IDS = (limit = '') => `later(sid) AS (
    SELECT renamed FROM session_ended WHERE sid = $1 ${limit} UNION
    SELECT renamed FROM later JOIN session_ended USING (sid))`

/** What has another id by now than the one that was to be destroyed, or one after that. */
export const DESTROY_RENAMED = `
  WITH RECURSIVE ${LATER_IDS()}, gone AS (DELETE FROM session WHERE sid IN (SELECT sid FROM later) RETURNING sid, ${DURABLE}) ${ENDED}`

/** The live session of account $2 that has taken the place of id $1 within the last ten minutes. */
export const SUCCESSOR = `
  WITH RECURSIVE ${LATER_IDS(`AND at > now() - interval '10 minutes'`)}
  SELECT sess::text FROM session JOIN later USING (sid) WHERE account = $2 AND ${LIVE}`

export const END_ACCOUNT = `
  WITH gone AS (DELETE FROM session WHERE account = $1 AND sid IS DISTINCT FROM $2 RETURNING sid, ${DURABLE}) ${ENDED}`

/** In batches, skipping what others hold, so that nobody waits for it. */
export const REMOVE_EXPIRED = `
  DELETE FROM session WHERE sid IN (
    SELECT sid FROM session WHERE NOT (${LIVE}) ORDER BY expire LIMIT $1 FOR UPDATE SKIP LOCKED)`

/** Ids that ended so long ago that nothing can be in flight with them. */
export const FORGET_ENDED = `
  DELETE FROM session_ended WHERE sid IN (
    SELECT sid FROM session_ended WHERE at < now() - interval '10 minutes' LIMIT $1 FOR UPDATE SKIP LOCKED)`

export const CLEAR = `WITH gone AS (DELETE FROM session RETURNING sid, ${DURABLE}) ${ENDED}`

export const ALL = `SELECT sid, sess::text FROM session WHERE ${LIVE}`

export const LENGTH = `SELECT count(*)::float8 FROM session WHERE ${LIVE}`

export const COUNT = `
  SELECT count(*) FILTER (WHERE ${LIVE})::float8 AS live,
         count(*) FILTER (WHERE ${LIVE} AND account IS NOT NULL)::float8 AS signed_in,
         count(*) FILTER (WHERE NOT ${LIVE})::float8 AS expired,
         pg_total_relation_size('session')::float8 AS bytes
    FROM session`
