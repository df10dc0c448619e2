import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import pg from 'pg'
import { contenderNamed } from './contenders.ts'
import { createPage } from './page.ts'
import { preparedSessions } from './session-data.ts'
import { runStoreLoad, type StoreLoad } from './store-load.ts'
import { fill, openSessions, type Sessions } from './stores.ts'
import { answerQuestions } from './worker.ts'

/** What a candidate's replica is given. */
export interface ReplicaSettings {
  readonly candidate: string
  readonly url: string
}

export type ReplicaQuestion = { readonly about: 'start' } | { readonly about: 'statements' } | StoreLoad

/** Statements that this process has sent to Postgres. */
let statements = 0

const settings: ReplicaSettings = JSON.parse(process.argv[2] ?? '{}')
const candidate = contenderNamed(settings.candidate)
countStatements()
const sessions = await openSessions(candidate, settings.url)
const server = createServer({ keepAliveTimeout: 75_000 }, createPage(sessions.middleware))

answerQuestions(async (question: ReplicaQuestion) => {
  if (question.about === 'start') return await start(server, sessions)
  if (question.about === 'statements') return statements
  return await runStoreLoad(sessions, question, () => statements)
})

/** Answers with its port. */
async function start(server: Server, { store }: Sessions): Promise<number> {
  // The others' sessions are where both replicas find them.
  if (candidate.kind === 'free' && store !== undefined) await fill(store, preparedSessions())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function countStatements(): void {
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function counted(this: pg.Client, ...values: unknown[]) {
    statements++
    return Reflect.apply(query, this, values)
  } as typeof query
}
