-- When a session ends whatever its activity; empty in rows that stock wrote, until ours first moves their expiry.
ALTER TABLE "session" ADD COLUMN IF NOT EXISTS "ends" timestamptz;

-- Ids that ended or were renamed a moment ago, so that a request which comes late with one is answered as signed out. Not logged: after a crash
-- nothing is in flight that it could concern.
CREATE UNLOGGED TABLE IF NOT EXISTS "session_ended" (
  "sid" varchar PRIMARY KEY,
  "at" timestamptz NOT NULL DEFAULT now()
);
