import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgressLine } from './progress-line.ts'

test('on a terminal, each progress text overwrites the one before, and none is wider than the terminal', () => {
  const written: string[] = []
  const line = createProgressLine({ isTTY: true, columns: 8, write: (text) => written.push(String(text)) > 0 })
  line.show('first')
  line.show('much too long')
  line.end('done')
  assert.deepEqual(written, ['\r\u001b[2Kfirst', '\r\u001b[2Kmuch to', '\r\u001b[2K', 'done\n'])
})

test('in a log, a progress text is one line, and only one is written in an interval', () => {
  const written: string[] = []
  const out = { isTTY: false as unknown as true, write: (text: string | Uint8Array) => written.push(String(text)) > 0 }
  const hourly = createProgressLine(out, 3_600_000)
  hourly.show('too early')
  hourly.end()
  createProgressLine(out, 0).show('due')
  assert.deepEqual(written, ['due\n'])
})
