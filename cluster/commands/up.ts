import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClusterFile, removeClusterFile, writeClusterFile } from '../cluster-file.ts'
import { startLocalCluster } from '../local/local.ts'
import type { LocalCluster } from '../local/local-cluster.ts'
import { RollingRestarts } from '../local/rolling-restarts.ts'
import { AlreadyRunning } from '../processes/lock-file.ts'
import { onShutdownSignal } from '../processes/signals.ts'
import { readUpOptions, type UpOptions } from './arguments.ts'
import { runCommand } from './command.ts'
import { formatSeconds } from './progress.ts'
import { shown, summary, thingsToTry } from './summary.ts'
import { watchSources } from './watch-sources.ts'

await runCommand(async () => {
  const flags = readUpOptions(process.argv.slice(2))
  const begin = performance.now()
  const asked = onShutdownSignal()
  console.log(`Roundhouse: ${flags.replicas} replica${flags.replicas === 1 ? '' : 's'}, data in ${shown(flags.data)}`)
  const up = await Promise.race([start(flags), asked.then(() => undefined)])
  if (up === 'occupied') return 1
  if (up === undefined) {
    console.log('Stopped while it was starting')
    return 130
  }
  tellAll(up, formatSeconds(performance.now() - begin), flags.watch)
  await mendUntil(asked, up)
  await stop(up)
  return 0
})

async function start(flags: UpOptions): Promise<LocalCluster | 'occupied'> {
  let rolls: RollingRestarts | undefined
  let cluster: LocalCluster | undefined
  // Early: without a listener this signal ends the process.
  process.on('SIGUSR2', () => rolls?.request({ reason: 'asked for by SIGUSR2' }))
  cluster = await startLocalCluster({
    folder: flags.data,
    replicas: flags.replicas,
    port: flags.port,
    allowOtherPort: true,
    durable: true,
    seed: true,
    readDotEnv: true,
    onProgress: console.log,
    onEvent: (line) => rolls?.progress(line),
    onChange: () => cluster && writeClusterFile(cluster),
  }).catch((fault: unknown) => {
    if (!(fault instanceof AlreadyRunning)) throw fault
    tellOccupied(fault, flags.data)
    return undefined
  })
  if (cluster === undefined) return 'occupied'
  writeClusterFile(cluster)
  rolls = new RollingRestarts(cluster, console.log)
  if (flags.watch) rollOnChange(rolls)
  return cluster
}

/** Restarts crashed nginx and Postgres. Replicas have their own watchers. */
async function mendUntil(asked: Promise<void>, cluster: LocalCluster): Promise<void> {
  let ending = false
  void asked.then(() => {
    ending = true
  })
  while (!ending) {
    await Promise.race([asked, sleep(1_000)])
    if (!ending) await cluster.restartCrashed(console.log).catch((fault: Error) => console.error(fault.message))
  }
}

function rollOnChange(rolls: RollingRestarts): void {
  watchSources((files) => {
    const [first, ...more] = files
    const reason = more.length === 0 ? `${first} changed` : `${first} and ${more.length} more changed`
    rolls.request({ reason, migrate: files.some((file) => file.endsWith('.sql')) })
  })
}

function tellAll(cluster: LocalCluster, time: string, watching: boolean): void {
  const description = readClusterFile(cluster.folder)
  if (description === undefined) return
  console.log(`\nReady in ${time}\n\n${summary(description, cluster.folder)}\n\n${thingsToTry(description)}\n`)
  if (watching) console.log('A file that changes below src/ replaces the replicas one by one.')
  console.log('Ctrl-C drains and stops all.')
}

function tellOccupied(fault: AlreadyRunning, folder: string): void {
  const address = readClusterFile(folder)?.url ?? 'still starting'
  console.error(
    `\nA cluster runs in ${shown(folder)} already (${address}, process ${fault.owner.pid}, since ${fault.owner.startedAt}).`,
  )
  console.error('npm run status shows it, npm run stop ends it, --data DIR starts another one beside it.')
}

async function stop(cluster: LocalCluster): Promise<void> {
  const begin = performance.now()
  console.log('\nDraining: requests that are under way are answered first. Ctrl-C again ends it at once.')
  removeClusterFile(cluster.folder)
  await cluster.stop()
  console.log(`Stopped in ${formatSeconds(performance.now() - begin)}. The data is kept in ${shown(cluster.folder)}.`)
}
