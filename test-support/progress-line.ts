import type { WriteStream } from 'node:tty'

export interface ProgressLine {
  show(text: string): void
  /** Replaces the line by a last text, or removes it. */
  end(text?: string): void
}

type Output = Pick<WriteStream, 'write' | 'isTTY'> & Partial<Pick<WriteStream, 'columns'>>

const CLEAR_LINE = '\r\u001b[2K'

/**
 * One line that each text overwrites. In a log, where nothing can be overwritten, one line every
 * `intervalMs`.
 */
export function createProgressLine(out: Output, intervalMs = 10_000): ProgressLine {
  let lastShownAt = performance.now()
  return {
    show(text) {
      // A line that wraps could not be overwritten.
      if (out.isTTY) out.write(CLEAR_LINE + text.slice(0, (out.columns ?? 100) - 1))
      else if (performance.now() - lastShownAt >= intervalMs) {
        lastShownAt = performance.now()
        out.write(`${text}\n`)
      }
    },
    end(text) {
      if (out.isTTY) out.write(CLEAR_LINE)
      if (text !== undefined) out.write(`${text}\n`)
    },
  }
}
