import process from 'node:process'
import { type ClusterFile, readClusterFile } from '../cluster-file.ts'
import { askReady } from '../local/readiness.ts'
import { type LockOwner, lockOwner } from '../processes/lock-file.ts'
import { orphansIn } from '../processes/orphans.ts'
import { readDataOption } from './arguments.ts'
import { runCommand } from './command.ts'
import { formatSeconds } from './progress.ts'
import { shown, summary } from './summary.ts'

const help = `npm run status -- [--data DIR]

Says what runs, where and since when, with the addresses and the demo sign-ins. Example: npm run status -- --data /tmp/five`

await runCommand(async () => {
  const folder = readDataOption(process.argv.slice(2), help)
  const holder = lockOwner(folder)
  const cluster = readClusterFile(folder)
  if (holder === undefined) tellRest(folder)
  else if (cluster === undefined) console.log(`A cluster starts or stops in ${shown(folder)} (process ${holder.pid})`)
  else await tellCluster(cluster, holder, folder)
  return 0
})

async function tellCluster(cluster: ClusterFile, holder: LockOwner, folder: string): Promise<void> {
  const age = formatSeconds(Date.now() - Date.parse(holder.startedAt))
  console.log(`A cluster runs in ${shown(folder)}, process ${holder.pid}, since ${holder.startedAt} (${age})\n`)
  console.log(summary(cluster, folder))
  const states = await Promise.all(cluster.replicas.map(async ({ name, url }) => `${name} ${await askReady(url)}`))
  console.log(`\n  now         ${states.join(', ')}`)
}

function tellRest(folder: string): void {
  const rest = orphansIn(folder).map(([name, { pid }]) => `${name} (${pid})`)
  const nothing = `Nothing runs in ${shown(folder)}. npm run up starts a cluster.`
  const killed = `A cluster in ${shown(folder)} was killed; still at work: ${rest.join(', ')}.`
  console.log(rest.length === 0 ? nothing : `${killed}\nnpm run up takes over, npm run stop ends them.`)
}
