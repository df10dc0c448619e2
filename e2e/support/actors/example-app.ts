import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from '../../../cluster/processes/processes.ts'
import { type AppProcess, logOf, startApp } from '../app-process.ts'
import { expect, json, type Response } from './response.ts'
import type { Visitor } from './visitor.ts'

/** What `GET /me` of the application under examples/express-app answers. */
export interface ExampleView {
  readonly name: string | null
  readonly wishes: readonly string[]
}

const FOLDER = join(import.meta.dirname, '../../../examples/express-app')

/** Creates its tables. */
export async function prepareExample(databaseUrl: string): Promise<void> {
  const log = logOf('example-tables')
  const env = { ...process.env, DATABASE_URL: databaseUrl }
  await runToEnd('tables', { command: process.execPath, args: [join(FOLDER, 'tables.ts')], env, log })
  await rm(log, { force: true })
}

/** `name` is also the `application_name` of its connections; `example` a folder of examples. */
export async function startExample(
  name: string,
  databaseUrl: string,
  secret: string,
  example = 'express-app',
): Promise<AppProcess> {
  const url = new URL(databaseUrl)
  url.searchParams.set('application_name', name)
  const environment = { REPLICA: name, DATABASE_URL: url.href, SESSION_SECRET: secret }
  return await startApp(name, join(FOLDER, '..', example, 'app.ts'), environment, /example ready/)
}

export async function exampleView(visitor: Visitor): Promise<ExampleView> {
  return json<ExampleView>(expect(await visitor.get('/me', { json: true }), 200))
}

/** Adds a wish, signs in or signs out. */
export async function examplePost(
  visitor: Visitor,
  path: string,
  body: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return expect(await visitor.post(path, body, { json: true }), 200)
}
