import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process. The start time distinguishes it from a later one with the same pid. */
export interface Identity {
  readonly pid: number
  readonly started: string
}

/** undefined for no process, or a zombie. */
export function identify(pid: number): Identity | undefined {
  const started = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid)
  return started === undefined ? undefined : { pid, started }
}

export function isAlive(identity: Identity): boolean {
  return identify(identity.pid)?.started === identity.started
}

/** '' where there is no process. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? ''
  return ps(pid, 'command=') ?? ''
}

function startOnLinux(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field, the name, may have spaces and brackets: count from the end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  // In ticks since boot, which repeat after a reboot.
  return `${fields[19]}@${read('/proc/sys/kernel/random/boot_id')?.slice(0, 8)}`
}

function startByPs(pid: number): string | undefined {
  if (ps(pid, 'state=')?.startsWith('Z')) return undefined
  return ps(pid, 'lstart=')
}

function ps(pid: number, column: string): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim()
    return text === '' ? undefined : text
  } catch {
    return undefined
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
