-- No transaction: CONCURRENTLY lets other sessions write to a busy table meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "session_account" ON "session" ("account") WHERE "account" IS NOT NULL
