import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express, type Request, type RequestHandler } from 'express'
import type { Session, SessionData, Store } from 'express-session'
import pg from 'pg'
import { PostgresSessionStore } from '../src/sessions/request/session-store.ts'
import { handleRequests, workerSettings } from '../test-support/worker-process.ts'
import { contenderNamed, fillStore, openSessionLayer, promised } from './contenders.ts'
import { MAX_AGE_MS, preparedSessions, sessionOf, sidOf } from './session-data.ts'

/** A contender's replica: an HTTP server, and its store. */
export interface ReplicaSettings {
  readonly contender: string
  readonly url: string
}

/** `start` resolves with the port, `statements` with how many this process has sent to Postgres. */
export type ReplicaRequest = { readonly kind: 'start' } | { readonly kind: 'statements' } | StoreLoad

/** Load on the store without HTTP: each client changes sessions of its own, one after the other. */
export interface StoreLoad {
  readonly kind: 'write' | 'touch'
  readonly clients: number
  /** Milliseconds, before those that are measured. */
  readonly warmUpMs: number
  readonly measuredMs: number
  /** Numbers of the sessions. */
  readonly first: number
  readonly count: number
}

export interface StoreLoadResult {
  /** Changes in the measured time, and with those of the warm-up. */
  readonly measured: number
  readonly all: number
  /** Sent meanwhile, the warm-up's too. */
  readonly statements: number
}

type LoadedSession = Session & SessionData

let statements = 0

const settings = workerSettings<ReplicaSettings>()
const contender = contenderNamed(settings.contender)
countStatements()
const { middleware, store } = await openSessionLayer(contender, settings.url)
const server = createServer({ keepAliveTimeout: 75_000 }, createPage(middleware))

handleRequests(async (request: ReplicaRequest) => {
  if (request.kind === 'start') return await start()
  if (request.kind === 'statements') return statements
  return await runStoreLoad(request)
})

async function start(): Promise<number> {
  // This store alone is not shared by the replicas.
  if (contender.kind === 'no-op' && store !== undefined) await fillStore(store, preparedSessions())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/**
 * The same page for all: `GET /page` shows the signed-in user, `POST /write` changes one field of
 * the session.
 */
function createPage(sessions: RequestHandler | undefined): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use(sessions ?? withoutSession())
  app.get('/page', (req, res) => {
    res.json(view(req.session))
  })
  app.post('/write', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1
    res.json(view(req.session))
  })
  return app
}

function view({ account, basket, visits }: Partial<SessionData>): object {
  return { signedIn: account !== undefined, account, basket, visits }
}

/** Every request gets the same user. */
function withoutSession(): RequestHandler {
  const session = sessionOf(1)
  return function fixedSession(req, _res, next) {
    Object.assign(req, { session })
    next()
  }
}

/** Throws at the first change that fails. */
async function runStoreLoad(load: StoreLoad): Promise<StoreLoadResult> {
  if (store === undefined) throw new Error(`${contender.name} has no store`)
  const numbers = Array.from({ length: load.count }, (_, index) => load.first + index)
  const sessions = await Promise.all(numbers.map((n) => loadSession(store, sidOf(n))))
  const change = load.kind === 'write' ? write : touch
  const statementsBefore = statements
  const begin = performance.now() + load.warmUpMs
  const end = begin + load.measuredMs
  const counts = { measured: 0, all: 0 }
  const client = async (_: unknown, index: number) => {
    for (let n = index; performance.now() < end; n += load.clients) {
      await change(store, sessions[n % sessions.length] as LoadedSession)
      counts.all++
      const now = performance.now()
      if (now >= begin && now < end) counts.measured++
    }
  }
  await Promise.all(Array.from({ length: load.clients }, client))
  return { ...counts, statements: statements - statementsBefore }
}

function loadSession(store: Store, sid: string): Promise<LoadedSession> {
  return new Promise((resolve, reject) =>
    store.get(sid, (error, data) => {
      if (error || !data) return reject(error ?? new Error('A prepared session is missing'))
      resolve(store.createSession({ sessionID: sid, sessionStore: store } as unknown as Request, data) as LoadedSession)
    }),
  )
}

/** As express-session does it at the end of a request. */
function write(store: Store, session: LoadedSession): Promise<void> {
  session.touch()
  session.visits = (session.visits ?? 0) + 1
  return promised((callback) => store.set(session.id, session, callback))
}

/** Roundhouse's store would skip a touch so soon after the last one, so its table is called. */
async function touch(store: Store, session: LoadedSession): Promise<void> {
  session.touch()
  if (store instanceof PostgresSessionStore)
    await store.table.touch(session.id, { idleMs: MAX_AGE_MS, absoluteMs: 3 * MAX_AGE_MS })
  else await promised((callback) => store.touch?.(session.id, session, callback as () => void))
}

function countStatements(): void {
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function countedQuery(this: pg.Client, ...args: unknown[]) {
    statements++
    return Reflect.apply(query, this, args)
  } as typeof query
}
