-- No transaction: CONCURRENTLY lets a busy table be written to meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "session_account" ON "session" ("account") WHERE "account" IS NOT NULL
