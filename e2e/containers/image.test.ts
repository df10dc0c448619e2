import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { docker, inspect, runContainer } from '../../cluster/docker/docker.ts'
import { provideImage } from '../../cluster/docker/image.ts'
import { repository } from '../../cluster/replica-environment.ts'

let image = ''
before(async () => {
  image = await provideImage()
})

test('the image has the product and its production dependencies, and nothing else', async (t) => {
  assert.deepEqual(await inside('ls -A'), ['.compiled', 'node_modules', 'package.json', 'src'])
  assert.deepEqual(await inside("find src -name '*.test.*' -o -name 'testing*' -o -name '.*'"), [])
  assert.deepEqual(
    await inside("find / -xdev '(' -name .git -o -name '.env*' ')' -not -path '*/proc/*' 2>/dev/null"),
    [],
  )
  const packages = await inside(`find node_modules -type d -regex '.*node_modules/\\(@[^/]*/\\)?[^/@.][^/]*'`)
  assert.deepEqual(packages.sort(), production().sort())
  for (const name of ['node', 'typescript', '@biomejs/biome', 'fast-check'])
    assert.ok(!packages.includes(`node_modules/${name}`), `${name} is in the image`)
  t.diagnostic(`${packages.length} packages; kB: ${(await inside('du -sk node_modules src .compiled')).join(', ')}`)
})

/** Runs a shell command in the image. Returns its lines. */
async function inside(script: string): Promise<string[]> {
  return (await runContainer({ image, flags: ['--rm'], command: ['sh', '-c', `${script} || true`] }))
    .split('\n')
    .filter(Boolean)
}

/** The folders of `npm ci --omit=dev`, by the lock file. */
function production(): string[] {
  type Lock = { readonly packages: Readonly<Record<string, { readonly dev?: boolean }>> }
  const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as Lock
  return Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true)
}

test('the image starts node directly, as a numeric user, and has labels', async () => {
  const config = JSON.parse(await inspect(image, 'json .Config')) as Record<string, unknown>
  assert.equal(config.User, '1000:1000')
  assert.deepEqual([config.Entrypoint ?? null, config.Cmd], [null, ['node', 'src/main.ts']])
  const labels = config.Labels as Record<string, string>
  assert.equal(labels['org.opencontainers.image.title'], 'Roundhouse')
  assert.equal(labels['org.opencontainers.image.licenses'], 'MIT')
  assert.match((config.Env as string[]).join('\n'), /^NODE_ENV=production$/m)
  assert.doesNotMatch((config.Env as string[]).join('\n'), /SECRET|PASSWORD|DATABASE/)
})

test('a change of the source rebuilds the source and its compile cache only', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roundhouse-build-'))
  const tags = ['before', 'after'].map((word) => `roundhouse-build-${process.pid}:${word}`)
  t.after(async () => {
    rmSync(folder, { recursive: true, force: true })
    for (const tag of tags) await docker(['image', 'rm', '--force', tag])
  })
  for (const name of ['Dockerfile', '.dockerignore', '.npmrc', 'package.json', 'package-lock.json', 'src'])
    cpSync(join(repository, name), join(folder, name), { recursive: true })
  const layers = async (tag = '', version = '') => {
    await docker(['build', '--quiet', `--tag=${tag}`, `--build-arg=VERSION=${version}`, folder], { timeoutMs: 600_000 })
    return JSON.parse(await inspect(tag, 'json .RootFS.Layers')) as string[]
  }
  const first = await layers(tags[0], '1.2.3')
  appendFileSync(join(folder, 'src', 'app.ts'), '\n// changed\n')
  const began = performance.now()
  const second = await layers(tags[1], '1.2.4')
  t.diagnostic(`built again in ${Math.round(performance.now() - began)} ms`)
  assert.deepEqual(second.slice(0, -2), first.slice(0, -2))
  assert.notEqual(second.at(-2), first.at(-2))
  assert.equal(await inspect(tags[1] ?? '', 'index .Config.Labels "org.opencontainers.image.version"'), '1.2.4')
})
