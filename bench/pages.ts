import type { Contender } from './contenders.ts'
import { type Deployment, deploy } from './deployment.ts'
import { interleave, type Rounds, type Sampled } from './interleave.ts'
import type { Load } from './load.ts'
import type { Bench } from './options.ts'
import { measureSample, type Sample } from './sample.ts'
import { small } from './session-data.ts'

/** The share of a slice that goes before it, not counted: connections are opened, and processors forget the one before. */
export const WARMUP_RATIO = 0.2

/** The same small page, read by people who are signed in, and from ours by visitors too. */
export async function readPages(bench: Bench, connections: number): Promise<Rounds<Sample>> {
  const signedIn = { method: 'GET', path: '/page', sessions: [small], expected: '"signedIn":true' } as const
  const visitors = { method: 'GET', path: '/page', sessions: [], expected: '"signedIn":false' } as const
  const title = `pages over ${connections} connection${connections === 1 ? '' : 's'}`
  return await withDeployments(bench, bench.candidates, async (deployments) => {
    const contestants = deployments.map((deployment) => contestant(bench, deployment, connections, signedIn))
    const ours = deployments.find(({ candidate }) => candidate.kind === 'ours')
    const extra = ours && {
      ...contestant(bench, ours, connections, visitors),
      name: 'visitors',
      label: 'Roundhouse, visitors without a session',
    }
    return await play(bench, title, extra === undefined ? contestants : [...contestants, extra])
  })
}

/** One field of a session changed and saved at each request. */
export async function writePages(bench: Bench, connections: number): Promise<Rounds<Sample>> {
  const load = { method: 'POST', path: '/write', sessions: [small], expected: '"visits":' } as const
  const writing = bench.candidates.filter(({ kind, touch }) => kind !== 'none' && touch)
  return await withDeployments(bench, writing, async (deployments) => {
    const contestants = deployments.map((deployment) => contestant(bench, deployment, connections, load))
    return await play(bench, `writes over ${connections} connections`, contestants)
  })
}

export async function play<Figures>(bench: Bench, title: string, contestants: readonly Sampled<Figures>[]) {
  const progress = bench.progress(title, contestants.length * (bench.rounds + 1))
  try {
    return await interleave(contestants, bench.rounds, progress)
  } finally {
    progress.done()
  }
}

type Request = Omit<Load, 'port' | 'connections' | 'measured' | 'warm'>

export function contestant(
  bench: Bench,
  deployment: Deployment,
  connections: number,
  request: Request,
): Sampled<Sample> {
  const { name, label } = deployment.candidate
  const times = { measured: bench.seconds * 1000, warm: bench.seconds * 1000 * WARMUP_RATIO }
  const load = { ...request, ...times, connections }
  const measure = (each: typeof load) => measureSample(bench.premises, deployment, bench.generator, each)
  return {
    name,
    label,
    measure: () => measure(load),
    // One connection alone would take minutes until all code is compiled.
    warmUp: () => measure({ ...load, measured: 2 * times.measured, connections: Math.max(connections, 32) }),
  }
}

/** All at once, for as long as `work` takes. */
export async function withDeployments<T>(
  bench: Bench,
  candidates: readonly Contender[],
  work: (deployments: readonly Deployment[]) => Promise<T>,
): Promise<T> {
  const starts = candidates.map(
    (candidate) => () => deploy(bench.premises, candidate, { flags: bench.nodeFlags(candidate) }),
  )
  return await whileDeployed(starts, work)
}

/** Also where one of them does not come up, the others are stopped. */
export async function whileDeployed<T>(
  starts: readonly (() => Promise<Deployment>)[],
  work: (deployments: readonly Deployment[]) => Promise<T>,
): Promise<T> {
  const tried = await Promise.allSettled(starts.map((start) => start()))
  const deployments = tried.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  try {
    for (const each of tried) if (each.status === 'rejected') throw each.reason
    return await work(deployments)
  } finally {
    await Promise.all(deployments.map((deployment) => deployment.stop()))
  }
}
