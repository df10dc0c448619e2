import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { readJson, writeJson } from '../json-file.ts'
import { type Identity, identify, isAlive } from './identity.ts'

/** The process that runs a cluster in a data folder. */
export interface LockOwner extends Identity {
  /** ISO time. */
  readonly startedAt: string
}

/** Another live process runs a cluster in the folder. */
export class AlreadyRunning extends Error {
  readonly owner: LockOwner
  constructor(folder: string, owner: LockOwner) {
    super(`A cluster runs in ${folder} already, as process ${owner.pid}`)
    this.owner = owner
  }
}

/** Throws AlreadyRunning. Ignores the lock of a dead process. */
export function acquireLock(folder: string): LockOwner {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockOf(folder)
  const owner = { ...self(), startedAt: new Date().toISOString() }
  const mine = `${lock}.${process.pid}`
  writeJson(mine, owner)
  try {
    for (;;) {
      if (linked(mine, lock)) return owner
      const other = lockOwner(folder)
      if (other !== undefined) throw new AlreadyRunning(folder, other)
      setAside(lock)
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

export function releaseLock(folder: string): void {
  rmSync(lockOf(folder), { force: true })
}

/** undefined without a live owner. */
export function lockOwner(folder: string): LockOwner | undefined {
  const owner = readJson<LockOwner>(lockOf(folder))
  return owner !== undefined && isAlive(owner) ? owner : undefined
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

/**
 * Removes a dead owner's lock. By rename, so that only one of several processes succeeds. A live
 * owner's lock is put back.
 */
function setAside(lock: string): void {
  const aside = `${lock}.${process.pid}.stale`
  try {
    renameSync(lock, aside)
  } catch {
    return
  }
  const owner = readJson<LockOwner>(aside)
  if (owner !== undefined && isAlive(owner)) linked(aside, lock)
  rmSync(aside)
}
