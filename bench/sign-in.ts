import { join } from 'node:path'
import { startLocalCluster } from '../cluster/local/local.ts'
import { processorTime } from './cpu.ts'
import type { Load, Outcome } from './load.ts'
import type { Bench } from './options.ts'
import { play, WARMUP_RATIO } from './pages.ts'
import type { Section } from './section.ts'
import { spreadOf, sum } from './stats.ts'
import { fine, table } from './table.ts'

/** Few: each keeps a processor busy for some 40 ms, and an account's guesses are limited, ten at once. */
const clients = 8
const people = ['ada', 'bea', 'sten'].map((name) => `${name}@example.com`)
const bodies = people.map((email) => JSON.stringify({ email, password: 'roundhouse-demo-1' }))

/** Sign-ins through nginx and two replicas of the product: password, limits, new session. */
export async function signInSection(bench: Bench): Promise<Section> {
  const cluster = await startLocalCluster({
    folder: join(bench.premises.folder, 'cluster'),
    replicas: 2,
    seed: true,
    durable: true,
  })
  try {
    const request = { method: 'POST', path: '/login', sessions: [], bodies, expected: '"account":{' } as const
    const times = { measured: bench.seconds * 1000, warm: bench.seconds * 1000 * WARMUP_RATIO }
    const load: Load = { ...request, ...times, connections: clients, port: Number(new URL(cluster.url).port) }
    const usage = () => sum(cluster.replicas.map(({ pid }) => processorTime(pid) ?? Number.NaN))
    const measure = async () => {
      const before = usage()
      const outcome = await bench.generator.ask<Outcome>(load)
      if (outcome.failures > 0) throw new Error(`A sign-in failed: ${outcome.failure}`)
      return { ...outcome, replicas: usage() - before }
    }
    const rounds = await play(bench, 'sign-ins', [{ name: 'sign-in', label: `${clients} at once`, measure }])
    return told(rounds.get('sign-in') ?? [])
  } finally {
    await cluster.destroy()
  }
}

function told(slices: readonly (Outcome & { readonly replicas: number })[]): Section {
  const rate = spreadOf(slices.map(({ answers, time }) => (answers / time) * 1000))
  const data = {
    rate,
    p50: spreadOf(slices.map(({ p50 }) => p50)).median,
    p99: spreadOf(slices.map(({ p99 }) => p99)).median,
    /** Milliseconds of processor time each, of the replicas. */
    cpu: sum(slices.map(({ replicas }) => replicas)) / sum(slices.map(({ all }) => all)) / 1000,
  }
  const cells = [fine(rate.median, 1), `${fine(rate.low, 1)}–${fine(rate.high, 1)}`]
  const row = [`${clients} at once`, ...cells, fine(data.p50, 0), fine(data.p99, 0), fine(data.cpu, 1)]
  const text = table(['', 'sign-ins/s', 'quarters', 'p50 ms', 'p99 ms', 'ms replicas'], [row])
  return { title: 'Sign-ins', text, bars: [], data }
}
