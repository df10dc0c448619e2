import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../cluster/processes/ports.ts'
import { launch, runToEnd, waitForLine } from '../../../cluster/processes/processes.ts'
import { expect, json, type Response } from './response.ts'
import type { Visitor } from './visitor.ts'

/** One process of the application under examples/express-app. */
export interface ExampleReplica {
  readonly url: string
  stop(): Promise<void>
}

/** What it says about whoever asks. */
export interface ExampleView {
  readonly name: string | null
  readonly wishes: readonly string[]
}

const FOLDER = join(import.meta.dirname, '../../../examples/express-app')

/** Makes its tables. */
export async function prepareExample(databaseUrl: string): Promise<void> {
  const log = logOf('tables')
  const env = { ...process.env, DATABASE_URL: databaseUrl }
  await runToEnd('tables', { command: process.execPath, args: [join(FOLDER, 'tables.ts')], env, log })
  await rm(log, { force: true })
}

/** `name` is also what the database knows it by. */
export async function startExample(name: string, databaseUrl: string, secret: string): Promise<ExampleReplica> {
  const port = await freePort()
  const log = logOf(name)
  const url = new URL(databaseUrl)
  url.searchParams.set('application_name', name)
  const own = { REPLICA: name, PORT: String(port), DATABASE_URL: url.href, SESSION_SECRET: secret }
  const child = launch({
    command: process.execPath,
    args: [join(FOLDER, 'app.ts')],
    env: { ...process.env, ...own },
    log,
  })
  await waitForLine(child, /example ready/)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await child.end()
      await rm(log, { force: true })
    },
  }
}

export async function exampleView(visitor: Visitor): Promise<ExampleView> {
  return json<ExampleView>(expect(await visitor.get('/me', { json: true }), 200))
}

/** Wishes for something, signs in or out: whatever the example takes. */
export async function exampleAsk(
  visitor: Visitor,
  path: string,
  body: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return expect(await visitor.post(path, body, { json: true }), 200)
}

function logOf(name: string): string {
  return join(process.env.E2E_FOLDER ?? tmpdir(), `example-${process.pid}-${name}.log`)
}
