import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
/** All that another application installs to use `src/sessions`. */
const DEPENDENCIES = ['express-session', 'cookie-signature', 'pg']
/** All that it installs to run the folder's tests. */
const DEV_DEPENDENCIES = [
  ...['@types/node', '@types/compression', '@types/connect-pg-simple', '@types/cookie-signature'],
  ...['@types/express', '@types/express-session', '@types/pg', 'compression', 'fast-check'],
  ...['express', 'connect-pg-simple'],
]

let project: string
before(() => {
  project = mkdtempSync(join(process.env.E2E_FOLDER ?? tmpdir(), 'sessions-copied-'))
  cpSync(join(ROOT, 'src', 'sessions'), join(project, 'sessions'), { recursive: true })
  for (const name of [...DEPENDENCIES, ...DEV_DEPENDENCIES]) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }))
  const options = { extends: join(ROOT, 'tsconfig.json'), include: ['sessions'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(options))
})
after(() => rmSync(project, { recursive: true, force: true }))

test('the folder src/sessions, copied into an empty project, type-checks', () => {
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

test('the folder src/sessions, copied into an empty project, passes its tests with a DATABASE_URL alone', () => {
  const { TEST_DATABASE_URL: DATABASE_URL, PATH } = process.env
  const args = ['--test', '--test-concurrency=1', '--test-reporter=spec', 'sessions/**/*.test.ts']
  const options = { cwd: project, env: { PATH, DATABASE_URL }, encoding: 'utf8', timeout: 110_000 } as const
  const { status, stdout } = spawnSync(process.execPath, args, options)
  assert.equal(status, 0, stdout.slice(-3000))
  assert.match(stdout, /^ℹ pass [1-9]\d+$/m)
})
