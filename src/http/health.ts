import { type RequestHandler, Router } from 'express'
import { unavailable } from '../runtime/errors.ts'
import type { State } from '../runtime/state.ts'
import { onlyGet } from './method-not-allowed.ts'

export interface HealthOptions {
  readonly state: State
  readonly replica: string
  readonly version: string
  readonly commit: string | undefined
  /** Why it does not take traffic, in words for an operator; undefined where nothing is known to be wrong. */
  readonly reason: () => string | undefined
}

/** `/livez`: the process runs. `/readyz`: it takes traffic. Neither asks the database: it is every replica's, and all would leave at once. */
export function health({ state, replica, version, commit, reason }: HealthOptions): RequestHandler {
  const router = Router()
  const about = { replica, version, commit: commit ?? null }
  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok', ...about })
  })
  router.get('/readyz', (_req, res) => {
    const ready = state.stage === 'ready'
    const why = ready ? undefined : (reason() ?? state.stage)
    res.set('Cache-Control', 'no-store').status(ready ? 200 : 503)
    res.json({ status: state.stage, ...about, ...(why !== undefined && { reason: why }) })
  })
  router.all(['/livez', '/readyz'], onlyGet)
  return router
}

/** Nobody can be served without the schema; nginx does not ask whether a replica is ready, and sends people all the same. */
export function untilMigrated(reason: HealthOptions['reason']): RequestHandler {
  return function untilMigrated(_req, _res, next) {
    if (reason()?.startsWith('schema')) next(unavailable('This site is being set up.'))
    else next()
  }
}
