import { existsSync } from 'node:fs'
import { ConfigErrors, EXIT_CONFIG, loadConfig } from './config/config.ts'
import { appVersion } from './config/version.ts'
import { createLog } from './runtime/log.ts'
import { startServer } from './server.ts'

/** npm forwards Ctrl-C twice within milliseconds. */
const SECOND_SIGNAL_MS = 1000

if (existsSync('.env')) process.loadEnvFile('.env')
const config = readConfig()
const log = createLog({ ...config.log, replica: config.replica })

process.on('uncaughtException', (error) => void fail('replica failed', error))
process.on('unhandledRejection', (error) => void fail('replica failed', error))

try {
  const replica = await startServer({ ...config, site: 'Roundhouse', version: config.version ?? appVersion() }, log)
  onSignal(async () => {
    await replica.stop()
    await log.close()
    process.exit(0)
  })
} catch (error) {
  await fail('replica could not start', error)
}

function readConfig() {
  try {
    return loadConfig(process.env, { terminal: process.stdout.isTTY === true })
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    console.error(error.message)
    process.exit(EXIT_CONFIG)
  }
}

function onSignal(stop: () => Promise<void>): void {
  let first: number | undefined
  const signalled = () => {
    if (first === undefined) {
      first = Date.now()
      stop().catch((error) => fail('replica could not stop', error))
    } else if (Date.now() - first >= SECOND_SIGNAL_MS) process.exit(1)
  }
  process.on('SIGTERM', signalled)
  process.on('SIGINT', signalled)
}

// Never exits with 0 by itself: some platforms take that for "done" and do not restart it.
async function fail(event: string, error: unknown): Promise<never> {
  log.error(event, { error })
  await log.close()
  process.exit(1)
}
