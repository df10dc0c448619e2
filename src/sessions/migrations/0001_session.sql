-- The table of connect-pg-simple, unchanged: an existing table is taken over, and stock connect-pg-simple can go on using it.
CREATE TABLE IF NOT EXISTS "session" (
  "sid" varchar NOT NULL COLLATE "default",
  "sess" json NOT NULL,
  "expire" timestamp(6) NOT NULL,
  CONSTRAINT "session_pkey" PRIMARY KEY ("sid") NOT DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX IF NOT EXISTS "IDX_session_expire" ON "session" ("expire");

ALTER TABLE "session"
  -- Whose session it is, so that all sessions of an account can be found. NULL for visitors, and in rows that stock wrote.
  ADD COLUMN IF NOT EXISTS "account" text,
  -- When the session ends whatever its activity. NULL in rows that stock wrote, until the first touch.
  ADD COLUMN IF NOT EXISTS "absolute_expire" timestamptz;

-- Sids that ended or were rotated a moment ago. A late request with one is answered as signed out.
-- "successor" is the sid that replaced a rotated one. The table is logged: a sign-in whose answer was lost
-- in a database failover is repeated with the old sid.
CREATE TABLE IF NOT EXISTS "session_tombstone" (
  "sid" varchar PRIMARY KEY,
  "ended_at" timestamptz NOT NULL DEFAULT now(),
  "successor" varchar
);

-- connect-pg-simple writes and reads "expire" in the connection's time zone. This function keeps the zone in which the existing
-- rows were written, so that no later setting of a server, role or client changes what a row means.
DO $migration$
BEGIN
  IF to_regprocedure('session_zone' || '()') IS NOT NULL THEN RETURN; END IF;
  IF (SELECT source FROM pg_settings WHERE name = 'TimeZone') = 'client' THEN
    RAISE EXCEPTION 'this connection sets a time zone of its own (PGTZ?): unset it, so that the database''s own is seen';
  END IF;
  EXECUTE format(
    'CREATE FUNCTION %s() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L',
    'session_zone',
    format('SELECT %L::text', current_setting('TimeZone'))
  );
END
$migration$;
