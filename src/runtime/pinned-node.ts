import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Package {
  readonly version: string
  readonly devDependencies?: { readonly node?: string }
}

/** This package's version, and what is wrong with the Node that runs it: a word for the log, undefined where nothing is. */
export function readPackage(running = process.versions.node): { version: string; nodeFault: string | undefined } {
  const path = join(import.meta.dirname, '..', '..', 'package.json')
  const { version, devDependencies } = JSON.parse(readFileSync(path, 'utf8')) as Package
  const pinned = devDependencies?.node
  const same = pinned === undefined || major(pinned) === major(running)
  return {
    version,
    nodeFault: same
      ? undefined
      : `this is Node ${running}, made for ${major(pinned)}: start it with npm, after a plain "npm ci"`,
  }
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? version
}
