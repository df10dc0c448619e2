import process from 'node:process'
import { rollCompose } from '../compose/compose-roll.ts'
import { followRolls, type RollingRestartLine } from '../local/rolling-restart-log.ts'
import { isAlive } from '../processes/identity.ts'
import { type LockOwner, lockOwner } from '../processes/lock-file.ts'
import { waitFor } from '../processes/wait-for.ts'
import { dataFolder, parseOptions, TEXT, UsageError } from './arguments.ts'
import { runCommand } from './command.ts'
import { formatSeconds } from './progress.ts'
import { shown } from './summary.ts'

const help = `npm run roll -- [--data DIR]
npm run roll -- --target compose

Replaces the replicas of a running cluster one by one, losing nothing: with .env as it is now; with --target compose those of
the Compose project in this folder, with an image that is built and migrations that are run before. COMPOSE_PROJECT_NAME,
COMPOSE_FILE and the other variables of Compose hold. Example: VERSION=1.1.0 npm run roll -- --target compose`

await runCommand(async () => {
  const options = { data: TEXT, target: TEXT }
  const { target = 'local', data } = parseOptions(process.argv.slice(2), help, { options }).values
  if (target === 'compose' && data === undefined) return await rollContainers()
  if (target !== 'local') throw new UsageError(`--target is local, or compose without --data\n\n${help}`)
  return await rollLocal(dataFolder(data))
})

async function rollContainers(): Promise<number> {
  const begin = performance.now()
  const count = await rollCompose(console.log)
  console.log(`${count} replaced in ${formatSeconds(performance.now() - begin)}`)
  return 0
}

async function rollLocal(folder: string): Promise<number> {
  const holder = lockOwner(folder)
  if (holder === undefined) throw new Error(`Nothing runs in ${shown(folder)}. npm run up starts a cluster.`)
  const fresh = followRolls(folder)
  process.kill(holder.pid, 'SIGUSR2')
  return (await follow(fresh, holder)) === 'done' ? 0 : 1
}

async function follow(fresh: () => RollingRestartLine[], holder: LockOwner): Promise<'done' | 'failed'> {
  let begun = false
  return await waitFor('the rolling restart to end', 600_000, () => {
    for (const { kind, text } of fresh()) {
      // An earlier rolling restart may end first.
      begun ||= kind === 'begin'
      console.log(text)
      if (begun && (kind === 'done' || kind === 'failed')) return kind
    }
    if (!isAlive(holder)) throw new Error('The cluster ended meanwhile')
    return undefined
  })
}
