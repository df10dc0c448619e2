import assert from 'node:assert/strict'

/** One request of a crowd. */
export interface HistoryEntry {
  /** Milliseconds since the ledger was opened. */
  readonly at: number
  readonly who: string
  readonly method: string
  readonly path: string
  /** 0: no answer came. */
  readonly status: number
  readonly replica: string | undefined
  readonly requestId: string | undefined
  readonly durationMs: number
  /** Why this request counts as failed; undefined: it did not. */
  readonly fault: string | undefined
}

export interface History {
  readonly entries: readonly HistoryEntry[]
  write(entry: Omit<HistoryEntry, 'at'>): void
  /** What was answered well and is not there afterwards. */
  recordLoss(what: string): void
  failures(): readonly HistoryEntry[]
  losses(): readonly string[]
  /** How many requests each replica answered, by name. */
  spread(): ReadonlyMap<string, number>
  /** One line: how many, how many of them changed something, who answered, the slowest, how many failed. */
  summary(): string
  /** Everything, for whoever looks into a failure. */
  text(): string
  /** Fails, with the first failures and their times, unless all went well and at least `least` requests were made. */
  assertClean(least?: number): void
}

export function createHistory(): History {
  const began = performance.now()
  const entries: HistoryEntry[] = []
  const missed: string[] = []
  const failures = () => entries.filter(({ fault }) => fault !== undefined)
  const history: History = {
    entries,
    write: (entry) => void entries.push({ at: Math.round(performance.now() - began), ...entry }),
    recordLoss: (what) => void missed.push(what),
    failures,
    losses: () => missed,
    spread: () => countBy(entries, ({ replica }) => replica),
    summary: () => summaryOf(history),
    text: () => [history.summary(), ...missed, ...entries.map(line)].join('\n'),
    assertClean(least = 1) {
      assert.ok(
        entries.length >= least,
        `only ${entries.length} requests were made, ${least} are needed to tell anything`,
      )
      const told = [...failures().slice(0, 10).map(line), ...missed.slice(0, 10)]
      assert.equal(failures().length + missed.length, 0, [history.summary(), ...told].join('\n'))
    },
  }
  return history
}

function summaryOf(history: History): string {
  const { entries } = history
  const writes = entries.filter(({ method }) => method === 'POST').length
  const slowest = Math.round(entries.reduce((most, { durationMs }) => Math.max(most, durationMs), 0))
  const spread = [...history.spread()]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
  const failed = `${history.failures().length} failed, ${history.losses().length} lost`
  return `${entries.length} requests (${writes} POST): ${spread}; slowest ${slowest} ms; ${failed}`
}

function line({ at, who, method, path, status, replica, requestId, fault }: HistoryEntry): string {
  return `  +${at} ms ${who} ${method} ${path}: ${fault ?? 'well'} (status ${status}, ${replica ?? 'no replica'}, request ${requestId ?? '-'})`
}

function countBy<Item>(items: readonly Item[], key: (item: Item) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) {
    const name = key(item)
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
