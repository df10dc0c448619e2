import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from './config.ts'

const DATABASE_URL = 'postgres://ada:pw@db.example/shop'
const ONE = 'f3a1c0de9b8877665544332211ffeedd00'
const TWO = '9d'.repeat(16)

/** Secrets as another application may use them. A replica must read them unchanged. */
const VARIABLES: readonly [string, string, readonly string[]][] = [
  ['one secret', ONE, [ONE]],
  ['a list', `${ONE},${TWO}`, [ONE, TWO]],
  ['a list with blanks after its commas', `${ONE}, ${TWO},`, [ONE, TWO]],
  ['a comma after a backslash', `${ONE}\\,x,${TWO}`, [`${ONE},x`, TWO]],
  ['a backslash after another', `${ONE}\\\\,${TWO}`, [`${ONE}\\`, TWO]],
  ['both', `${ONE}\\\\\\,x`, [`${ONE}\\,x`]],
  ['a backslash before anything else', `${ONE}\\n`, [`${ONE}\\n`]],
  ['blanks at both ends', ` ${ONE} `, [` ${ONE} `]],
  ['a line end', `${ONE}\n`, [`${ONE}\n`]],
  ['a blank before a comma', `${ONE} ,${TWO}`, [`${ONE} `, TWO]],
  ['a blank after a backslash', `${TWO}, \\ ${ONE}`, [TWO, ` ${ONE}`]],
]

for (const [what, text, secrets] of VARIABLES)
  test(`SESSION_SECRET holds ${what}`, () =>
    assert.deepEqual(loadConfig({ DATABASE_URL, SESSION_SECRET: text }).secrets, secrets))

const FILES: readonly [string, string, readonly string[]][] = [
  ['one secret without a line end', ONE, [ONE]],
  ['a secret a line', `${ONE}\n${TWO}\n`, [ONE, TWO]],
  ['lines of Windows', `${ONE}\r\n${TWO}\r\n`, [ONE, TWO]],
  ['blank lines', `\n${ONE}\n\n  \n`, [ONE]],
  ['commas and backslashes', `${ONE},x\\,y\n`, [`${ONE},x\\,y`]],
  ['blanks at both ends', ` ${ONE} \n`, [` ${ONE} `]],
]

for (const [what, text, secrets] of FILES)
  test(`SESSION_SECRET_FILE holds ${what}`, () =>
    withFile(text, (SESSION_SECRET_FILE) =>
      assert.deepEqual(loadConfig({ DATABASE_URL, SESSION_SECRET_FILE }).secrets, secrets),
    ))

test('a short secret is reported by the name of its variable', () =>
  withFile(`${ONE}\nx7x7\n`, (SESSION_SECRET_FILE) =>
    assert.throws(
      () => loadConfig({ NODE_ENV: 'production', DATABASE_URL, SESSION_SECRET_FILE }),
      /^ {2}SESSION_SECRET_FILE \(number 2 of the list\) is too short/m,
    ),
  ))

test('a password in a file is read unchanged, except the line end', () =>
  withFile(' p,w \n', (PGPASSWORD_FILE) => {
    const { databaseUrl } = loadConfig({ PGHOST: 'db', PGPASSWORD_FILE })
    assert.equal(decodeURIComponent(new URL(databaseUrl).password), ' p,w ')
  }))

function withFile(text: string, work: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
  try {
    const path = join(folder, 'secret')
    writeFileSync(path, text)
    work(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
