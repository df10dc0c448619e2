import process from 'node:process'
import { formatSeconds } from '../cluster/commands/progress.ts'
import { createProgressLine } from '../test-support/progress-line.ts'

/** Tells how far it is. */
export interface Progress {
  /** The next of the steps begins. Throws where somebody wants it to end. */
  next(what: string): void
  done(): void
}

export class Ended extends Error {}

const width = 24
export function startProgress(title: string, steps: number, asked: AbortSignal): Progress {
  const progressLine = createProgressLine(process.stderr)
  const begin = performance.now()
  let step = 0
  return {
    next(what) {
      if (asked.aborted) throw new Ended('Ended before it was finished')
      const passed = performance.now() - begin
      const left = step === 0 ? '' : `, ${formatSeconds((passed / step) * (steps - step))} left`
      progressLine.show(`${title}  ${bar(step++ / steps)}  ${what}${left}`)
    },
    done: () => progressLine.end(),
  }
}

function bar(share: number): string {
  const full = Math.round(share * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}
