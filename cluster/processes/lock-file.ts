import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { readJson, writeJson } from '../json-file.ts'
import { type Identity, identify, isAlive } from './identity.ts'

/** Who runs a cluster in a data folder. */
export interface Holder extends Identity {
  /** ISO time. */
  readonly since: string
}

/** Thrown where another process that is alive runs a cluster in the folder. */
export class Occupied extends Error {
  readonly holder: Holder
  constructor(folder: string, holder: Holder) {
    super(`A cluster runs in ${folder} already, as process ${holder.pid}`)
    this.holder = holder
  }
}

/** Takes the folder for this process alone. Throws Occupied. What a killed holder left is no hindrance. */
export function takeTenure(folder: string): Holder {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockOf(folder)
  const holder = { ...self(), since: new Date().toISOString() }
  const mine = `${lock}.${process.pid}`
  writeJson(mine, holder)
  try {
    for (;;) {
      if (linked(mine, lock)) return holder
      const other = currentHolder(folder)
      if (other !== undefined) throw new Occupied(folder, other)
      setAside(lock)
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

export function endTenure(folder: string): void {
  rmSync(lockOf(folder), { force: true })
}

/** Who runs a cluster here now; undefined where nobody does, or who did was killed. */
export function currentHolder(folder: string): Holder | undefined {
  const holder = readJson<Holder>(lockOf(folder))
  return holder !== undefined && isAlive(holder) ? holder : undefined
}

function lockOf(folder: string): string {
  return join(folder, 'lock.json')
}

function self(): Identity {
  const identity = identify(process.pid)
  if (identity === undefined) throw new Error('This process cannot be found in the list of processes')
  return identity
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes a dead holder's lock. By rename, so that of several who try it, one does; and what proves to be alive is put back. */
function setAside(lock: string): void {
  const aside = `${lock}.${process.pid}.stale`
  try {
    renameSync(lock, aside)
  } catch {
    return
  }
  const holder = readJson<Holder>(aside)
  if (holder !== undefined && isAlive(holder)) linked(aside, lock)
  rmSync(aside)
}
