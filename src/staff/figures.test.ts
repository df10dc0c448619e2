import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatDuration, formatMoment } from './figures.ts'

const SIZES: readonly [bytes: number, shown: string][] = [
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [8192, '8.0 kB'],
  [81_920, '80 kB'],
  [1_234_567, '1.2 MB'],
  [5 * 2 ** 40, '5.0 TB'],
]
for (const [bytes, shown] of SIZES)
  test(`${bytes} bytes are shown as ${shown}`, () => assert.equal(formatBytes(bytes), shown))

const NOW = new Date('2026-01-02T12:00:00Z')
const SPANS: readonly [seconds: number, shown: string][] = [
  [-3, '0 s'],
  [45, '45 s'],
  [720, '12 min'],
  [3 * 3600, '3 h'],
  [5 * 86_400, '5 d'],
]
for (const [seconds, shown] of SPANS)
  test(`${seconds} seconds are shown as ${shown}`, () =>
    assert.equal(formatDuration(new Date(NOW.getTime() - seconds * 1000), NOW), shown))

test('a time names its zone', () => assert.equal(formatMoment(NOW), '2 Jan 2026, 12:00 UTC'))
