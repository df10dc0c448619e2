import process from 'node:process'
import { dockerEnvironment } from '../../../cluster/docker/docker.ts'
import { runToEnd } from '../../../cluster/processes/processes.ts'
import { repository } from '../../../cluster/replica-environment.ts'

/** `npm run roll -- --target compose` for the project of `environment`. `log`: its output file. */
export async function rollCompose(environment: Readonly<Record<string, string>>, log: string): Promise<void> {
  const args = ['cluster/commands/roll.ts', '--target', 'compose']
  const env = { ...dockerEnvironment(), ...environment }
  await runToEnd('roll', { command: process.execPath, args, cwd: repository, env, log })
}
