import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { createPool } from './pool.ts'

/** A unique name: tests share the server's folder. */
const NAME = `tls-${process.pid}`

let database: TestDatabase
let folder: string
let installed: readonly string[] = []
let ca: string

before(async () => {
  database = await freshDatabase({ migrated: false })
  folder = mkdtempSync(join(tmpdir(), 'roundhouse-tls-'))
  ca = join(folder, 'cert.pem')
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', ca]
  execFileSync('openssl', [...options, '-subj', '/CN=localhost', '-addext', names, ...files], { stdio: 'ignore' })
  const { rows } = await database.pool.query('SHOW data_directory')
  installed = ['key.pem', 'cert.pem'].map((file) => install(rows[0].data_directory, file))
  await database.pool.query(`ALTER SYSTEM SET ssl_key_file = '${NAME}-key.pem'`)
  await database.pool.query(`ALTER SYSTEM SET ssl_cert_file = '${NAME}-cert.pem'`)
  await database.pool.query('ALTER SYSTEM SET ssl = on')
  await database.pool.query('SELECT pg_reload_conf()')
  await settled('on')
})
after(async () => {
  for (const name of ['ssl', 'ssl_key_file', 'ssl_cert_file']) await database.pool.query(`ALTER SYSTEM RESET ${name}`)
  await database.pool.query('SELECT pg_reload_conf()')
  await settled('off')
  for (const file of [...installed, folder]) rmSync(file, { recursive: true, force: true })
  await database.drop()
})

for (const [query, isEncrypted] of [
  ['sslmode=require', true],
  ['sslmode=no-verify', true],
  ['ssl=no-verify', true],
  ['ssl=true&sslrootcert=CA', true],
  ['ssl=1&sslrootcert=CA', true],
  ['sslmode=verify-full&sslrootcert=CA', true],
  ['sslrootcert=CA', true],
  ['sslmode=disable', false],
  ['ssl=0', false],
  ['', false],
] as const) {
  test(`an address with "${query}" is ${isEncrypted ? 'encrypted' : 'in the clear'}`, async () => {
    assert.equal(await isEncryptedWith(query), isEncrypted)
  })
}

for (const query of ['ssl=true', 'ssl=1', 'sslmode=verify-full', 'sslmode=verify-ca'])
  test(`an address with "${query}" refuses a self-signed certificate`, async () => {
    await assert.rejects(isEncryptedWith(query), /self-signed|unable to verify/)
  })

async function isEncryptedWith(query: string): Promise<boolean> {
  const url = new URL(database.url)
  url.hostname = 'localhost'
  const pool = createPool({ url: `${url.href}?${query.replace('CA', encodeURIComponent(ca))}`, name: 'tls', size: 1 })
  try {
    const { rows } = await pool.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    return rows[0].ssl
  } finally {
    await pool.end()
  }
}

/** Readable by the server alone, which may run as another user. */
function install(data: string, file: string): string {
  const place = join(data, `${NAME}-${file}`)
  copyFileSync(join(folder, file), place)
  execFileSync('chmod', ['600', place])
  const { uid, gid } = statSync(data)
  chownSync(place, uid, gid)
  return place
}

/** The reload is asynchronous, so a new connection polls for it. */
async function settled(state: 'on' | 'off'): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const pool = createPool({ url: database.url, name: 'tls', size: 1 })
    const { rows } = await pool.query('SHOW ssl').finally(() => pool.end())
    if (rows[0].ssl === state) return
    assert.ok(Date.now() < deadline, `ssl is not ${state} after ten seconds`)
  }
}
