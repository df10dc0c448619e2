CREATE TABLE replica (
  name text PRIMARY KEY,
  version text NOT NULL,
  started_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL DEFAULT now()
);

-- Jobs that one replica at a time runs. A replica claims a run by updating last_run_at: no lock is held, and a killed replica leaves none.
CREATE TABLE job_run (
  job text PRIMARY KEY,
  last_run_at timestamptz NOT NULL
);
