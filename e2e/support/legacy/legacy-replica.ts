import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../cluster/processes/ports.ts'
import { launch, waitForLine } from '../../../cluster/processes/processes.ts'
import { expect, json, type Response } from '../actors/response.ts'
import type { Visitor } from '../actors/visitor.ts'

/** A replica of the application that is being taken over. */
export interface LegacyReplica {
  readonly url: string
  stop(): Promise<void>
}

/** Who a stock replica thinks somebody is. */
export interface LegacyView {
  readonly account: string | null
  readonly basket: Readonly<Record<string, number>>
  readonly expiresAt: string | null
}

export async function startLegacyReplica(databaseUrl: string, secret: string): Promise<LegacyReplica> {
  const port = await freePort()
  const log = join(process.env.E2E_FOLDER ?? tmpdir(), `stock-${process.pid}-${port}.log`)
  const child = launch({
    command: process.execPath,
    args: [join(import.meta.dirname, 'legacy-app.ts')],
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      SESSION_SECRET: secret,
      NODE_ENV: 'development',
    },
    log,
  })
  await waitForLine(child, /stock replica ready/)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await child.end()
      await rm(log, { force: true })
    },
  }
}

/** Signs in at a stock replica; `minutes` makes a short session. */
export async function legacySignIn(visitor: Visitor, account: string, minutes?: number): Promise<Response> {
  return expect(
    await visitor.post('/login', { account, ...(minutes !== undefined && { minutes }) }, { json: true }),
    200,
  )
}

export async function legacyView(visitor: Visitor): Promise<LegacyView> {
  return json<LegacyView>(expect(await visitor.get('/whoami', { json: true }), 200))
}
