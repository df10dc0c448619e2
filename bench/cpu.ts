import { readFileSync } from 'node:fs'

/** Microseconds a tick, which Linux counts processor time in for the eyes of programs, on every architecture. */
const tick = 10_000

/** Microseconds of processor time that a process has used, with its children, those that ended too; undefined off Linux. */
export function processorTime(pid: number): number | undefined {
  const own = statOf(pid)
  if (own === undefined) return undefined
  const living = childrenOf(pid).map((child) => statOf(child)?.own ?? 0)
  return (own.own + own.ended + living.reduce((total, ticks) => total + ticks, 0)) * tick
}

/** Bytes of memory that a process occupies; undefined off Linux. */
export function residentMemory(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

function statOf(pid: number): { own: number; ended: number } | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field, the name, may hold spaces and brackets: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  return { own: user + system, ended: endedUser + endedSystem }
}

function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? ''
  return text.trim().split(' ').filter(Boolean).map(Number)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
