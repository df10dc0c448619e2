import { type RequestHandler, Router } from 'express'
import { unavailable } from '../runtime/errors.ts'
import type { NotReadyCause, State } from '../runtime/state.ts'
import { methodNotAllowed } from './method-not-allowed.ts'

export interface HealthOptions {
  readonly state: State
  readonly replica: string
  readonly version: string
  readonly commit: string | undefined
  readonly notReadyCause: () => NotReadyCause | undefined
}

/**
 * `/livez`: the process runs. `/readyz`: it accepts traffic. Neither asks the database: during an
 * outage all replicas would become unready at once.
 */
export function health({ state, replica, version, commit, notReadyCause }: HealthOptions): RequestHandler {
  const router = Router()
  const about = { replica, version, commit: commit ?? null }
  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok', ...about })
  })
  router.get('/readyz', (_req, res) => {
    const ready = state.stage === 'ready'
    const cause = notReadyCause()
    const reason = cause === undefined ? state.stage : `${cause.kind}: ${cause.message}`
    res.set('Cache-Control', 'no-store').status(ready ? 200 : 503)
    res.json({ status: state.stage, ...about, ...(!ready && { reason }) })
  })
  router.all(['/livez', '/readyz'], methodNotAllowed)
  return router
}

/** 503 until the schema is there. nginx does not read /readyz, so requests arrive before that. */
export function requireSchema(notReadyCause: HealthOptions['notReadyCause']): RequestHandler {
  return function requireSchema(_req, _res, next) {
    if (notReadyCause()?.kind === 'schema') next(unavailable('This site is being set up.'))
    else next()
  }
}
