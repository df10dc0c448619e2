import process from 'node:process'
import { runCommand } from '../cluster/commands/command.ts'
import { askedToEnd } from '../cluster/processes/signals.ts'
import { readPlan } from './options.ts'
import { carryOut } from './run.ts'

await runCommand(async () => {
  const plan = readPlan(process.argv.slice(2))
  const asked = new AbortController()
  void askedToEnd().then(() => asked.abort())
  await carryOut(plan, asked.signal, (line) => console.log(line))
  return asked.signal.aborted ? 130 : 0
})
