import type { CheckResult, Outcome } from './workloads/workload.ts'

/** How many examples are kept of each thing that went wrong. */
const EXAMPLES = 3

/** What has come out of a race so far. */
export class Counters {
  counted = 0
  broken = 0
  kills = 0
  /** Requests by what became of them; `unknown`: their process was killed first. */
  readonly states: Record<Outcome['state'] | 'unknown', number> = {
    done: 0,
    absent: 0,
    refused: 0,
    failed: 0,
    unknown: 0,
  }
  readonly evidence: string[] = []
  readonly errors: string[] = []
  readonly #begin = performance.now()
  #end: number | undefined

  outcome(outcome: Outcome | undefined): void {
    this.states[outcome?.state ?? 'unknown']++
    if (outcome?.error !== undefined && this.errors.length < EXAMPLES) this.errors.push(outcome.error)
  }

  verdict({ counted, broken, evidence }: CheckResult): void {
    this.counted += counted
    this.broken += broken
    if (evidence !== undefined && this.evidence.length < EXAMPLES) this.evidence.push(evidence)
  }

  /** A row that came back after its group had been judged. */
  stray(sid: string): void {
    this.verdict({ counted: 0, broken: 1, evidence: `${sid} came back later` })
  }

  close(): this {
    this.#end = performance.now()
    return this
  }

  get seconds(): number {
    return ((this.#end ?? performance.now()) - this.#begin) / 1000
  }
}
