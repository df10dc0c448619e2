import process from 'node:process'
import { removeClusterFile } from '../cluster-file.ts'
import { isAlive } from '../processes/identity.ts'
import { type LockOwner, lockOwner, releaseLock } from '../processes/lock-file.ts'
import { killOrphansIn, orphansIn } from '../processes/orphans.ts'
import { waitFor } from '../processes/wait-for.ts'
import { readDataOption } from './arguments.ts'
import { runCommand } from './command.ts'
import { shown } from './summary.ts'

const help = `npm run stop -- [--data DIR]

Drains and ends the cluster in a folder, and what a killed one left there. Example: npm run stop -- --data /tmp/five`

/** Longer than the drain and the stop of nginx and Postgres. */
const STOP_TIMEOUT_MS = 45_000

await runCommand(async () => {
  const folder = readDataOption(process.argv.slice(2), help)
  const holder = lockOwner(folder)
  if (holder !== undefined) await endHolder(folder, holder)
  const names = await killOrphansIn(folder)
  if (names.length > 0) console.log(`Ended what a killed run had left: ${names.join(', ')}`)
  removeClusterFile(folder)
  releaseLock(folder)
  console.log(
    holder || names.length > 0 ? `Nothing runs in ${shown(folder)} any more.` : `Nothing ran in ${shown(folder)}.`,
  )
  return 0
})

async function endHolder(folder: string, holder: LockOwner): Promise<void> {
  console.log(`Draining the cluster in ${shown(folder)} (process ${holder.pid})`)
  const tellProgress = progressOf(folder)
  process.kill(holder.pid, 'SIGTERM')
  await waitFor('it to end', STOP_TIMEOUT_MS, () => {
    tellProgress()
    return !isAlive(holder)
  }).catch(() => {
    console.log(`It takes more than ${STOP_TIMEOUT_MS / 1000} s: killing it`)
    process.kill(holder.pid, 'SIGKILL')
  })
}

function progressOf(folder: string): () => void {
  let before = orphansIn(folder)
  return () => {
    const gone = before.filter(([, identity]) => !isAlive(identity))
    before = before.filter((process) => !gone.includes(process))
    for (const [name] of gone) console.log(`  ${name} ended`)
  }
}
