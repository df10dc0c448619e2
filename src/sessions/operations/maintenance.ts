import type { PostgresSessionStore } from '../request/session-store.ts'
import { removeExpiredSessions } from './cleanup.ts'

export interface MaintenanceOptions {
  readonly store: PostgresSessionStore
  /** Between half of it and one and a half pass, so that replicas do not run at once. */
  readonly intervalMs: number
  readonly onError: (error: Error) => void
}

export interface Maintenance {
  /** Ends it. Resolves when a run in progress has ended. */
  stop(): Promise<void>
}

/** Removes expired sessions now and then, in one process at a time. Keeps no process alive. */
export function startMaintenance({ store, intervalMs, onError }: MaintenanceOptions): Maintenance {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  let stopped = false

  function schedule(): void {
    if (stopped) return
    timer = setTimeout(run, intervalMs * (0.5 + Math.random())).unref()
  }

  function run(): void {
    running = removeExpiredSessions(store, { exclusively: true }).then(() => {}, onError)
    void running.then(schedule)
  }

  schedule()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      return running
    },
  }
}
