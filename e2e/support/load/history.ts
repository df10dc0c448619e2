import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'

/** One request of a load. */
export interface HistoryEntry {
  /** Milliseconds since the start of the history. */
  readonly at: number
  readonly visitor: string
  readonly method: string
  readonly path: string
  /** 0: no answer came. */
  readonly status: number
  readonly replica: string | undefined
  readonly requestId: string | undefined
  readonly durationMs: number
  /** Why this request failed; undefined: it did not. */
  readonly fault: string | undefined
}

export interface History {
  readonly entries: readonly HistoryEntry[]
  write(entry: Omit<HistoryEntry, 'at'>): void
  /** Records an acknowledged change that is not there afterwards. */
  recordLoss(description: string): void
  failures(): readonly HistoryEntry[]
  losses(): readonly string[]
  /** The number of requests that each replica answered, by name. */
  spread(): ReadonlyMap<string, number>
  /** One line: requests, writes, spread, slowest, failures, losses. */
  summary(): string
  /** All entries, for the investigation of a failure. */
  text(): string
  /** Fails, with the first failures, unless all of at least `minRequests` requests went well. */
  assertClean(minRequests?: number): void
  /** Fails where a failure has another status, a request took longer, or a change is lost. */
  assertBounded(maxMs: number, allowedStatuses: readonly number[]): void
}

export function createHistory(): History {
  const start = performance.now()
  const entries: HistoryEntry[] = []
  const losses: string[] = []
  const failures = () => entries.filter(({ fault }) => fault !== undefined)
  const history: History = {
    entries,
    write: (entry) => void entries.push({ at: Math.round(performance.now() - start), ...entry }),
    recordLoss: (description) => void losses.push(description),
    failures,
    losses: () => losses,
    spread: () => spreadOf(entries),
    summary: () => summaryOf(history),
    text: () => [history.summary(), ...losses, ...entries.map(line)].join('\n'),
    assertClean(minRequests = 1) {
      const tooFew = `only ${entries.length} requests were made, ${minRequests} are needed to tell anything`
      assert.ok(entries.length >= minRequests, tooFew)
      const first = [...failures().slice(0, 10).map(line), ...losses.slice(0, 10)]
      assert.equal(failures().length + losses.length, 0, [history.summary(), ...first].join('\n'))
    },
    assertBounded(maxMs, allowedStatuses) {
      const wrong = failures().filter(({ status }) => !allowedStatuses.includes(status))
      const slow = entries.filter(({ durationMs }) => durationMs > maxMs)
      assert.deepEqual([...wrong.slice(0, 5).map(line), ...slow.slice(0, 5).map(line)], [])
      assert.deepEqual(losses, [])
    },
  }
  return history
}

/** Writes the summary into the test's output; returns the history. */
export function report(test: TestContext, history: History): History {
  test.diagnostic(history.summary())
  return history
}

function summaryOf(history: History): string {
  const { entries } = history
  const writes = entries.filter(({ method }) => method === 'POST').length
  const slowest = Math.round(entries.reduce((most, { durationMs }) => Math.max(most, durationMs), 0))
  const counts = [...history.spread()].sort().map(([name, count]) => `${name} ${count}`)
  const failed = `${history.failures().length} failed, ${history.losses().length} lost`
  return `${entries.length} requests (${writes} POST): ${counts.join(', ')}; slowest ${slowest} ms; ${failed}`
}

function line({ at, visitor, method, path, status, replica, requestId, durationMs, fault }: HistoryEntry): string {
  const source = `status ${status}, ${replica ?? 'no replica'}, request ${requestId ?? '-'}, ${Math.round(durationMs)} ms`
  return `  +${at} ms ${visitor} ${method} ${path}: ${fault ?? 'well'} (${source})`
}

function spreadOf(entries: readonly HistoryEntry[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { replica } of entries) if (replica !== undefined) counts.set(replica, (counts.get(replica) ?? 0) + 1)
  return counts
}
