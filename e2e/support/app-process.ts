import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../cluster/processes/ports.ts'
import { launch, waitForLine } from '../../cluster/processes/processes.ts'

/** One process of an application that is not the product. */
export interface AppProcess {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a program on a free port (PORT); resolves when it has printed a line like `ready`. */
export async function startApp(
  name: string,
  script: string,
  environment: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<AppProcess> {
  const port = await freePort()
  const log = logOf(name)
  const env = { ...process.env, ...environment, PORT: String(port) }
  const child = launch({ command: process.execPath, args: [script], env, log })
  await waitForLine(child, ready)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await child.end()
      await rm(log, { force: true })
    },
  }
}

/** A log file of this test process. */
export function logOf(name: string): string {
  return join(process.env.E2E_FOLDER ?? tmpdir(), `${name}-${process.pid}.log`)
}
