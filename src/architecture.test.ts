import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

/** From the top: a file imports from its own layer and from those below. */
const LAYERS = ['top', 'config', 'staff', 'shop', 'accounts', 'layout', 'jobs', 'database', 'http', 'runtime']
/**
 * The only programs in `src`: they alone load the configuration, read the environment and end the
 * process.
 */
const PROGRAMS = ['src/main.ts', 'src/cli.ts']
/** From the top; `src` stands beside them. */
const OUTER_LAYERS = ['e2e/scenarios', 'e2e/support', 'cluster', 'test-support']
/** What may build a replica from `src`, with one part exchanged. */
const BUILDERS = /^(bench|examples|package|e2e\/(sabotage|consistency|differential|manifests))\//

/**
 * The one file that imports each library at run time. The sessions module has libraries of its own.
 */
const ADAPTERS: Readonly<Record<string, string>> = {
  pg: 'src/database/pool.ts',
  'node-pg-migrate': 'src/database/migrate.ts',
  winston: 'src/runtime/log.ts',
  'pino-http': 'src/runtime/access-log.ts',
  '@prometheus-io/client': 'src/runtime/metrics.ts',
  zod: 'src/runtime/zod.ts',
  helmet: 'src/http/security-headers.ts',
  'rate-limiter-flexible': 'src/http/limits.ts',
}
/** The same for the libraries of the tests, in every folder. */
const TEST_ADAPTERS: Readonly<Record<string, string>> = {
  undici: 'test-support/http-client.ts',
  'tough-cookie': 'test-support/cookie-jar.ts',
}

interface Import {
  readonly from: string
  readonly to: string
  readonly onlyTypes: boolean
}

const product = files('src/**/*.ts').filter((file) => !isTest(file))
const outer = files('{cluster,test-support,e2e,bench,examples,package}/**/*.ts')
const imports = product.flatMap(importsOf)

test('a file of src imports from its own layer and from the layers below', () => {
  const up = local(imports).filter(
    ({ from, to }) => !isSessions(from) && !isSessions(to) && layerOf(from) > layerOf(to),
  )
  assert.deepEqual(up.map(shown), [])
})

test('sessions is self-contained: it imports libraries and itself, and only accounts and above import it', () => {
  const out = local(imports).filter(({ from, to }) => isSessions(from) && !isSessions(to))
  const below = local(imports).filter(
    ({ from, to }) => isSessions(to) && !isSessions(from) && layerOf(from) > LAYERS.indexOf('accounts'),
  )
  assert.deepEqual([...out, ...below].map(shown), [])
})

test('one file imports each library', () => {
  const around = imports.filter(
    ({ from, to, onlyTypes }) => !onlyTypes && ADAPTERS[to] !== undefined && ADAPTERS[to] !== from && !isSessions(from),
  )
  const inTests = [...files('src/**/*.ts'), ...outer].flatMap(importsOf)
  const aroundInTests = inTests.filter(({ from, to }) => TEST_ADAPTERS[to] !== undefined && TEST_ADAPTERS[to] !== from)
  assert.deepEqual([...around, ...aroundInTests].map(shown), [])
})

test('only main and cli load the configuration, read the environment or end the process', () => {
  const loading = local(imports).filter(({ from, to }) => to === 'src/config/config.ts' && !PROGRAMS.includes(from))
  const reading = product.filter((file) => !PROGRAMS.includes(file) && /process\.(env|exit)\b/.test(read(file)))
  assert.deepEqual([...loading.map(shown), ...reading], [])
})

test('src imports nothing from outside, but its tests may import test-support', () => {
  const out = files('src/**/*.ts')
    .flatMap(importsOf)
    .filter(
      ({ from, to }) => to.includes('/') && outer.includes(to) && !(isTest(from) && to.startsWith('test-support/')),
    )
  assert.deepEqual(out.map(shown), [])
})

test('scenarios see what a person or an operator sees: they, support, cluster and test-support do not import src', () => {
  const importing = local(outer.filter((file) => !BUILDERS.test(file)).flatMap(importsOf))
  assert.deepEqual(importing.filter(({ to }) => to.startsWith('src/')).map(shown), [])
})

test('scenarios import support, support imports the cluster, the cluster imports test-support, and never the reverse', () => {
  const layer = (file: string) => OUTER_LAYERS.findIndex((folder) => file.startsWith(`${folder}/`))
  const up = local(outer.flatMap(importsOf)).filter(
    ({ from, to }) => layer(from) >= 0 && layer(to) >= 0 && layer(from) > layer(to),
  )
  assert.deepEqual(up.map(shown), [])
})

test('there is no default export and no barrel', () => {
  const all = [...product, ...outer]
  assert.deepEqual(
    all.filter((file) => /^export default|^export \*/m.test(read(file)) || /(^|\/)index\.ts$/.test(file)),
    [],
  )
})

test('src exports no two types of one name', () => {
  assert.deepEqual(duplicates(product.flatMap(exportedTypes)), [])
})

test('a word of the glossary names at most one exported type in the whole repository', () => {
  const glossary = read('ARCHITECTURE.md').split('## Glossary')[1] ?? ''
  const words = [...glossary.matchAll(/^\| ([a-z ]+) \|/gm)].map(([, word = '']) =>
    word.replaceAll(' ', '').toLowerCase(),
  )
  assert.ok(words.length > 10 && words.length <= 26, `the glossary has ${words.length - 1} words`)
  const types = [...product, ...outer].flatMap(exportedTypes)
  assert.deepEqual(duplicates(types.filter(({ name }) => words.includes(name.toLowerCase()))), [])
})

interface ExportedType {
  readonly name: string
  readonly file: string
}

function exportedTypes(file: string): ExportedType[] {
  const found = read(file).matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm)
  return [...found].map(([, name = '']) => ({ name, file }))
}

function duplicates(types: readonly ExportedType[]): ExportedType[][] {
  return [...Map.groupBy(types, ({ name }) => name).values()].filter((same) => same.length > 1)
}

function files(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT }).sort()
}

function importsOf(file: string): Import[] {
  const found = read(file).matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  return [...found].map(([, type, to = '']) => ({ from: file, to: resolved(file, to), onlyTypes: type !== undefined }))
}

function resolved(from: string, to: string): string {
  return to.startsWith('.') ? relative(ROOT, join(ROOT, dirname(from), to)) : to
}

function local(all: readonly Import[]): Import[] {
  return all.filter(({ to }) => /^(src|cluster|test-support|e2e|bench|examples)\//.test(to))
}

function layerOf(file: string): number {
  return Math.max(0, LAYERS.indexOf(file.split('/')[1] ?? ''))
}

function isSessions(file: string): boolean {
  return file.startsWith('src/sessions/')
}

function isTest(file: string): boolean {
  return /\.test\.ts$|^src\/(sessions\/)?testing\//.test(file)
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function shown({ from, to }: Import): string {
  return `${from} imports ${to}`
}
