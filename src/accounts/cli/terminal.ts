import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly stdout: Writable
  readonly stderr: Writable
}

/** Longer input is a file that was piped in by mistake. */
const MAX_INPUT_LENGTH = 10_000
const ENTER = new Set(['\r', '\n', '\u0004'])
const ERASE = new Set(['\u007f', '\b'])
const INTERRUPT = '\u0003'

/** The first line of standard input, or typed twice and hidden; undefined without a terminal. */
export async function readPassword(piped: boolean, terminal: Terminal): Promise<string | undefined> {
  if (piped) return firstLine(terminal.stdin)
  return terminal.stdin.isTTY === true ? readHidden(terminal) : undefined
}

export async function confirm(question: string, expected: string, { stdin, stderr }: Terminal): Promise<boolean> {
  if (stdin.isTTY !== true) return false
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    return (await lines.question(question)).trim().toLowerCase() === expected.toLowerCase()
  } finally {
    lines.close()
  }
}

async function firstLine(stdin: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += chunk
    if (text.includes('\n') || text.length > MAX_INPUT_LENGTH) break
  }
  return text.split(/\r?\n/)[0] ?? ''
}

/** Raw mode hides the input, and leaves erasing and Ctrl-C to us. */
async function readHidden({ stdin, stderr }: Terminal): Promise<string> {
  const ask = async (question: string) => {
    stderr.write(question)
    const typed = await keys(stdin)
    stderr.write('\r\n')
    return typed
  }
  stdin.setRawMode?.(true)
  try {
    for (;;) {
      const password = await ask('Password: ')
      if (password === (await ask('Again: '))) return password
      stderr.write('The two are not the same.\r\n')
    }
  } finally {
    stdin.setRawMode?.(false)
    stdin.pause()
  }
}

function keys(stdin: Readable): Promise<string> {
  const typed: string[] = []
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      stdin.off('data', read)
      settle()
    }
    const press = (key: string) => {
      if (key === INTERRUPT) end(() => reject(new Error('interrupted')))
      else if (ENTER.has(key)) end(() => resolve(typed.join('')))
      else if (ERASE.has(key)) typed.pop()
      else typed.push(key)
    }
    const read = (chunk: string) => [...chunk].forEach(press)
    stdin.setEncoding('utf8').on('data', read).resume()
  })
}
