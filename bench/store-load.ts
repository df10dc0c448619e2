import type { Request } from 'express'
import type { Session, SessionData, Store } from 'express-session'
import { PostgresSessionStore } from '../src/sessions/request/session-store.ts'
import { maxAge, sidOf } from './session-data.ts'
import type { Sessions } from './stores.ts'

/** The store alone, without HTTP: each client changes sessions of its own, one after the other. */
export interface StoreLoad {
  readonly about: 'write' | 'renew'
  readonly clients: number
  /** Milliseconds that count, after some that do not. */
  readonly measured: number
  readonly warm: number
  /** Numbers of the sessions. */
  readonly first: number
  readonly count: number
}

export interface StoreLoadResult {
  /** That count, and with those of the warm-up. */
  readonly done: number
  readonly all: number
  /** Sent meanwhile, the warm-up's too. */
  readonly statements: number
}

type Loaded = Session & SessionData

/** `statements` tells how many were sent so far. Throws at the first change that fails. */
export async function runStoreLoad(
  { store }: Sessions,
  drive: StoreLoad,
  statements: () => number,
): Promise<StoreLoadResult> {
  if (store === undefined) throw new Error('There is no store to be driven')
  const sessions = await loadAll(store, drive)
  const act = drive.about === 'write' ? write : touch
  const before = statements()
  const begin = performance.now() + drive.warm
  const end = begin + drive.measured
  const counts = { done: 0, all: 0 }
  const client = async (_: unknown, index: number) => {
    for (let turn = index; performance.now() < end; turn += drive.clients) {
      await act(store, sessions[turn % sessions.length] as Loaded)
      counts.all++
      const now = performance.now()
      if (now >= begin && now < end) counts.done++
    }
  }
  await Promise.all(Array.from({ length: drive.clients }, client))
  return { ...counts, statements: statements() - before }
}

async function loadAll(store: Store, { first, count }: StoreLoad): Promise<Loaded[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => load(store, sidOf(first + index))))
}

function load(store: Store, sid: string): Promise<Loaded> {
  return new Promise((resolve, reject) =>
    store.get(sid, (error, data) => {
      if (error || !data) return reject(error ?? new Error('A prepared session is missing'))
      resolve(store.createSession({ sessionID: sid, sessionStore: store } as unknown as Request, data) as Loaded)
    }),
  )
}

/** As express-session does it at the end of a request. */
function write(store: Store, session: Loaded): Promise<void> {
  session.touch()
  session.visits = (session.visits ?? 0) + 1
  return called((done) => store.set(session.id, session, done))
}

/** Ours would see that nothing is due yet, so its table is asked. */
async function touch(store: Store, session: Loaded): Promise<void> {
  session.touch()
  if (store instanceof PostgresSessionStore)
    await store.table.touch(session.id, { idleMs: maxAge, absoluteMs: 3 * maxAge })
  else await called((done) => store.touch?.(session.id, session, done as () => void))
}

function called(act: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => act((error) => (error ? reject(error) : resolve())))
}
