import { join } from 'node:path'
import { expect, json, type Response } from '../actors/response.ts'
import type { Visitor } from '../actors/visitor.ts'
import { type AppProcess, startApp } from '../app-process.ts'

/** What `GET /whoami` of the legacy application answers. */
export interface LegacyView {
  readonly account: string | null
  readonly basket: Readonly<Record<string, number>>
  readonly expiresAt: string | null
}

const SCRIPT = join(import.meta.dirname, 'legacy-app.ts')

export async function startLegacyReplica(databaseUrl: string, secret: string): Promise<AppProcess> {
  const environment = { DATABASE_URL: databaseUrl, SESSION_SECRET: secret, NODE_ENV: 'development' }
  return await startApp('legacy', SCRIPT, environment, /legacy replica ready/)
}

/** Signs in at a legacy replica; `minutes` makes a short session. */
export async function legacySignIn(visitor: Visitor, account: string, minutes?: number): Promise<Response> {
  const fields = { account, ...(minutes !== undefined && { minutes }) }
  return expect(await visitor.post('/login', fields, { json: true }), 200)
}

export async function legacyView(visitor: Visitor): Promise<LegacyView> {
  return json<LegacyView>(expect(await visitor.get('/whoami', { json: true }), 200))
}
