import { spawnSync } from 'node:child_process'
import process from 'node:process'

const standing = new Set<string>()
let sweeping = false

/** Removes the label's containers and networks when this process ends, except after SIGKILL. */
export function removeAtExit(label: string): void {
  standing.add(label)
  if (sweeping) return
  sweeping = true
  process.once('exit', () => {
    for (const one of standing) removeByLabel(one)
  })
}

/** Removes the label's containers and networks now. */
export function removeByLabel(label: string): void {
  standing.delete(label)
  const ids = (...args: string[]) => run(...args, '--quiet', '--filter', `label=${label}`)
  const containers = ids('ps', '--all')
  if (containers.length > 0) run('rm', '--force', ...containers)
  const networks = ids('network', 'ls')
  if (networks.length > 0) run('network', 'rm', ...networks)
}

function run(...args: string[]): string[] {
  const { stdout } = spawnSync('docker', args, { encoding: 'utf8', timeout: 60_000 })
  return (stdout ?? '').split('\n').filter((line) => line !== '')
}
