import process from 'node:process'
import { formatSeconds } from '../cluster/commands/progress.ts'

/** Tells how far it is. */
export interface Progress {
  /** The next of the steps begins. Throws where somebody wants it to end. */
  next(what: string): void
  done(): void
}

export class Ended extends Error {}

const width = 24
/** Between two lines where the output is no terminal. */
const pause = 15_000

/** One line that is written over and over; in a log, a line now and then. */
export function startProgress(title: string, steps: number, asked: AbortSignal, out = process.stderr): Progress {
  const begin = performance.now()
  let step = 0
  let told = Number.NEGATIVE_INFINITY
  return {
    next(what) {
      if (asked.aborted) throw new Ended('Ended before it was finished')
      const passed = performance.now() - begin
      const left = step === 0 ? '' : `, ${formatSeconds((passed / step) * (steps - step))} left`
      const line = `${title}  ${bar(step++ / steps)}  ${what}${left}`
      if (out.isTTY) out.write(`\r\u001b[2K${line.slice(0, (out.columns ?? 100) - 1)}`)
      else if (passed - told >= pause) {
        told = passed
        out.write(`${line}\n`)
      }
    },
    done() {
      if (out.isTTY) out.write('\r\u001b[2K')
    },
  }
}

function bar(share: number): string {
  const full = Math.round(share * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}
