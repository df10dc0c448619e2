import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { decode, encode } from '@jridgewell/sourcemap-codec'

const ROOT = join(import.meta.dirname, '..')
/** Written by hand: the two entries, one for `require` and one for `import`, with their types. */
const ENTRIES = ['index.cjs', 'index.d.cts', 'index.mjs', 'index.d.mts']
/** The oldest Node that is supported. */
const TARGET = 'es2023'

export interface BuiltPackage {
  /** The tarball. */
  readonly path: string
  readonly files: readonly string[]
  readonly packedBytes: number
}

/**
 * Compiles `src/sessions` and packs it into `folder`. CommonJS, because every tool can load it:
 * `import` has a wrapper, so a process has one copy. Throws what tsc or npm print.
 */
export async function buildPackage(folder: string): Promise<BuiltPackage> {
  const [sources, output] = [join(folder, 'sources'), join(folder, 'roundhouse-sessions')]
  for (const old of [sources, output]) await rm(old, { recursive: true, force: true })
  await copySources(sources)
  await compile(sources, output)
  await writeFile(join(output, 'package.json'), JSON.stringify(await manifest(), null, 2))
  for (const entry of ENTRIES) await cp(join(ROOT, 'package', entry), join(output, entry))
  await cp(join(ROOT, 'package/README.md'), join(output, 'README.md'))
  await cp(join(ROOT, 'package/CHANGELOG.md'), join(output, 'CHANGELOG.md'))
  await cp(join(ROOT, 'LICENSE'), join(output, 'LICENSE'))
  await cp(join(ROOT, 'src/sessions/migrations'), join(output, 'dist/src/sessions/migrations'), { recursive: true })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], output)
  const [packed] = Object.values(JSON.parse(stdout)) as { filename: string; files: { path: string }[]; size: number }[]
  if (packed === undefined) throw new Error(`npm pack printed: ${stdout}`)
  return {
    path: join(folder, basename(packed.filename)),
    files: packed.files.map(({ path }) => path),
    packedBytes: packed.size,
  }
}

async function copySources(sources: string): Promise<void> {
  const isPart = (path: string) => !/\.test\.ts$|\.md$|\/testing$|\/migrations$|\/(session-data|seed)\.ts$/.test(path)
  await cp(join(ROOT, 'src/sessions'), join(sources, 'src/sessions'), { recursive: true, filter: isPart })
  await mkdir(join(sources, 'package'), { recursive: true })
  await cp(join(ROOT, 'package/cli.ts'), join(sources, 'package/cli.ts'))
  // Only ECMAScript modules have it.
  const files = join(sources, 'src/sessions/operations/migration-files.ts')
  await writeFile(files, (await readFile(files, 'utf8')).replace('import.meta.dirname', '__dirname'))
}

async function compile(sources: string, output: string): Promise<void> {
  await writeFile(join(sources, 'package.json'), JSON.stringify({ type: 'commonjs' }))
  const { compilerOptions } = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8'))
  const options = {
    ...compilerOptions,
    target: TARGET,
    lib: [TARGET],
    module: 'node16',
    noEmit: false,
    verbatimModuleSyntax: false,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    rootDir: sources,
    outDir: join(output, 'dist'),
    typeRoots: [join(ROOT, 'node_modules/@types')],
  }
  const config = join(sources, 'tsconfig.json')
  await writeFile(config, JSON.stringify({ compilerOptions: options, include: ['.'] }))
  const compileWith = (...flags: string[]) =>
    run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config, ...flags], sources)
  // Editors show the comments of the types. In the JavaScript they are a quarter of its size.
  await compileWith('--declaration', '--emitDeclarationOnly')
  await compileWith('--removeComments', '--sourceMap')
  for (const name of globSync('**/*.js.map', { cwd: output })) await mapLinesOnly(join(output, name))
}

/** A stack trace needs lines. With a place for each word the maps are a third of the package. */
async function mapLinesOnly(path: string): Promise<void> {
  const map = JSON.parse(await readFile(path, 'utf8'))
  map.mappings = encode(decode(map.mappings).map((line) => line.slice(0, 1)))
  await writeFile(path, JSON.stringify(map))
}

/** Versions follow those of the repository. */
async function manifest() {
  const own = JSON.parse(await readFile(join(ROOT, 'package/manifest.json'), 'utf8'))
  const { version, license, dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return { ...own, version, license, dependencies: { 'cookie-signature': dependencies['cookie-signature'] } }
}

async function run(program: string, args: readonly string[], cwd: string) {
  return await promisify(execFile)(program, args, { cwd }).catch((error) => {
    throw new Error(`${basename(program)} failed: ${error.stdout}${error.stderr}`)
  })
}
