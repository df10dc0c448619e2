import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
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

/** Columns. Tables, code blocks and lines that are one link have no limit. */
const MAX_MARKDOWN = 120
const MAX_COMMENT = 100

test('no line of Markdown is longer than 120 columns', () => {
  const long = trackedFiles('.md').flatMap((file) => {
    let isCode = false
    return linesOf(file).filter(({ text }) => {
      if (text.trimStart().startsWith('```')) isCode = !isCode
      return !isCode && text.length > MAX_MARKDOWN && !/^\s*(\||!?\[[^\]]*\]\S*$)|^ {4}/.test(text)
    })
  })
  assert.deepEqual(long.map(shown), [])
})

test('no comment in TypeScript is longer than 100 columns', () => {
  const isComment = /^\s*(\/\/ (?!biome-ignore)|\/?\*)/
  const long = trackedFiles('.ts')
    .flatMap(linesOf)
    .filter(({ text }) => text.length > MAX_COMMENT && isComment.test(text) && !/https?:/.test(text))
  assert.deepEqual(long.map(shown), [])
})

interface Line {
  readonly file: string
  readonly number: number
  readonly text: string
}

function linesOf(file: string): Line[] {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n')
  return lines.map((text, index) => ({ file, number: index + 1, text }))
}

function shown({ file, number, text }: Line): string {
  return `${file}:${number} has ${text.length} columns`
}

/** Without git, as in an archive, all files of the folders. */
function trackedFiles(extension: string): readonly string[] {
  const { status, stdout } = git('ls-files', '-z', `*${extension}`)
  if (status === 0) return stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)))
  const options = { cwd: ROOT, exclude: ['**/node_modules', '.data'] }
  return globSync(`**/*${extension}`, options)
}

function git(...args: readonly string[]) {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
}
