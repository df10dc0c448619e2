import type { CheckResult, Outcome } from './operation.ts'

/** How many examples of errors and of violations are kept. */
const MAX_EXAMPLES = 3

/** The results of a workload on one store so far. */
export class Counters {
  checked = 0
  violations = 0
  kills = 0
  /** Operations by outcome; `unknown`: their process was killed first. */
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

  addOutcome(outcome: Outcome | undefined): void {
    this.states[outcome?.state ?? 'unknown']++
    if (outcome?.error !== undefined && this.errors.length < MAX_EXAMPLES) this.errors.push(outcome.error)
  }

  addResult({ checked, violations, evidence }: CheckResult): void {
    this.checked += checked
    this.violations += violations
    if (evidence !== undefined && this.evidence.length < MAX_EXAMPLES) this.evidence.push(evidence)
  }

  /** A row that came back after its group had been checked. */
  addStray(sid: string): void {
    this.addResult({ checked: 0, violations: 1, evidence: `${sid} came back later` })
  }

  stop(): this {
    this.#end = performance.now()
    return this
  }

  get seconds(): number {
    return ((this.#end ?? performance.now()) - this.#begin) / 1000
  }
}
