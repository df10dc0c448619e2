import process from 'node:process'
import { runCommand } from './command.ts'
import { parse, readDataFlag, Usage } from './flags.ts'
import { isAlive } from './identity.ts'
import { followRolls, type RollLine } from './roll-log.ts'
import { shown } from './summary.ts'
import { currentHolder, type Holder } from './tenure.ts'
import { waitFor } from './waiting.ts'

const help = `npm run roll -- [--data DIR]

Replaces the replicas of a running cluster one by one, with .env as it is now, losing nothing. Example: npm run roll`

await runCommand(async () => {
  const { target = 'local', data } = parse(process.argv.slice(2), help, ['data', 'target'])
  if (target !== 'local') throw new Usage(`--target ${target} is not available: only local`)
  const folder = readDataFlag(data === undefined ? [] : ['--data', data], help)
  const holder = currentHolder(folder)
  if (holder === undefined) throw new Error(`Nothing runs in ${shown(folder)}. npm run up starts a cluster.`)
  const fresh = followRolls(folder)
  process.kill(holder.pid, 'SIGUSR2')
  return (await follow(fresh, holder)) === 'done' ? 0 : 1
})

async function follow(fresh: () => RollLine[], holder: Holder): Promise<'done' | 'failed'> {
  let begun = false
  return await waitFor('the rolling restart to end', 600_000, () => {
    for (const { kind, text } of fresh()) {
      // The end of one that was under way already is not the end of ours.
      begun ||= kind === 'begin'
      console.log(text)
      if (begun && (kind === 'done' || kind === 'failed')) return kind
    }
    if (!isAlive(holder)) throw new Error('The cluster ended meanwhile')
    return undefined
  })
}
