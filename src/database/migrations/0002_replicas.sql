CREATE TABLE replica (
  name text PRIMARY KEY,
  version text NOT NULL,
  since timestamptz NOT NULL,
  seen timestamptz NOT NULL DEFAULT now()
);
