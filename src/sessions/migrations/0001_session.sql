-- The table of connect-pg-simple, as it is: a database that has it already is taken over, and stock connect-pg-simple can go on using it.
CREATE TABLE IF NOT EXISTS "session" (
  "sid" varchar NOT NULL COLLATE "default",
  "sess" json NOT NULL,
  "expire" timestamp(6) NOT NULL,
  CONSTRAINT "session_pkey" PRIMARY KEY ("sid") NOT DEFERRABLE INITIALLY IMMEDIATE
);

CREATE INDEX IF NOT EXISTS "IDX_session_expire" ON "session" ("expire");

-- Whose session it is, beside the JSON, so that all of an account's can be found. Empty for visitors, and in rows that stock wrote.
ALTER TABLE "session" ADD COLUMN IF NOT EXISTS "account" text;

-- "expire" has no time zone: connect-pg-simple writes and reads it in the connection's. The zone of this database, in which the rows that are here
-- were written, is kept by name, so that no later setting of a server, role or client changes what a row means.
DO $$
BEGIN
  IF (SELECT source FROM pg_settings WHERE name = 'TimeZone') = 'client' THEN
    RAISE EXCEPTION 'this connection sets a time zone of its own (PGTZ?): unset it, so that the database''s own is seen';
  END IF;
  EXECUTE format(
    'CREATE OR REPLACE FUNCTION session_zone() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L',
    format('SELECT %L::text', current_setting('TimeZone'))
  );
END
$$;
