import type { WriteStream } from 'node:tty'

/** Milliseconds between two lines where there is no terminal that could overwrite one. */
const EVERY = 10_000

/** One line that is written again and again; in a file, now and then. */
export function progressLine(out: Pick<WriteStream, 'write' | 'isTTY'>) {
  let last = performance.now()
  return {
    show(text: string): void {
      if (out.isTTY) out.write(`\r\x1b[K${text}`)
      else if (performance.now() - last > EVERY) {
        last = performance.now()
        out.write(`${text}\n`)
      }
    },
    end(text: string): void {
      out.write(out.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`)
    },
  }
}
