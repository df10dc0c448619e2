import process from 'node:process'
import { StartError } from '../processes/processes.ts'
import { UsageError } from './arguments.ts'

/** Ends the process with the work's exit code. Errors are printed without a stack trace. */
export async function runCommand(work: () => Promise<number>): Promise<never> {
  process.exit(await work().catch(printError))
}

function printError(fault: unknown): number {
  if (fault instanceof UsageError && fault.exitCode === 0) {
    console.log(fault.message)
    return 0
  }
  console.error(fault instanceof Error ? `\n${fault.message}` : fault)
  if (fault instanceof UsageError) return fault.exitCode
  return fault instanceof StartError && fault.exitCode !== null ? fault.exitCode : 1
}
