import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = realpathSync(join(import.meta.dirname, '..'))

test('a checkout on Windows has the line ends that shell scripts in a container need', (t) => {
  // An archive has no .git, or is inside another repository.
  const top = git('rev-parse', '--show-toplevel')
  if (top.status !== 0 || realpathSync(top.stdout.trim()) !== ROOT) return t.skip('this is no clone of git')
  const folder = mkdtempSync(join(tmpdir(), 'checkout-'))
  try {
    // The default of git for Windows.
    const { status, stderr } = git('-c', 'core.autocrlf=true', 'checkout-index', '--all', `--prefix=${folder}/`)
    assert.equal(status, 0, stderr)
    const files = git('ls-files', '-z').stdout.split('\0').slice(0, -1)
    assert.ok(files.includes('compose/make-secrets.sh'))
    const texts = files.map((file) => [file, readFileSync(join(folder, file), 'latin1')] as const)
    const wrong = texts.filter(([, text]) => text.includes('\r\n') && !text.includes('\0'))
    assert.deepEqual(
      wrong.map(([file]) => file),
      [],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function git(...args: readonly string[]) {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
}
