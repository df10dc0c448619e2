import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

test("an operator's command needs only the database, whatever cookies the replicas set", () => {
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere',
    SESSION_COOKIE: '__Host-shop',
    SESSION_COOKIE_CLEAR: 'Name=sid',
  }
  const { status, stderr } = spawnSync(process.execPath, ['src/cli.ts', 'sessions', 'count'], { env, encoding: 'utf8' })
  assert.match(stderr, /the database is unavailable/)
  assert.equal(status, 75, stderr)
})
