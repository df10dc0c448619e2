import process from 'node:process'
import { runCommand } from '../cluster/commands/command.ts'
import { onShutdownSignal } from '../cluster/processes/signals.ts'
import { readBenchOptions } from './options.ts'
import { runBenchmark } from './run.ts'

await runCommand(async () => {
  const plan = readBenchOptions(process.argv.slice(2))
  const asked = new AbortController()
  void onShutdownSignal().then(() => asked.abort())
  await runBenchmark(plan, asked.signal, (line) => console.log(line))
  return asked.signal.aborted ? 130 : 0
})
