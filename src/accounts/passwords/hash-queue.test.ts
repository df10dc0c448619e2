import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../runtime/errors.ts'
import { createHashQueue } from './hash-queue.ts'
import { hashPassword } from './password-hash.ts'

test('of a hundred concurrent hashes two run, sixteen wait, and the rest are a 503', async () => {
  const line = createHashQueue()
  let running = 0
  let most = 0
  const hash = async () => {
    running += 1
    most = Math.max(most, running)
    await hashPassword('blue kettle sings', { memory: 8, passes: 1, parallelism: 1 })
    running -= 1
  }
  const all = Array.from({ length: 100 }, () => line.run(hash))
  assert.deepEqual(line.counts(), { running: 2, waiting: 16 })
  const ends = await Promise.allSettled(all)
  const refused = ends.filter((end) => end.status === 'rejected').map((end) => end.reason)
  assert.equal(most, 2)
  assert.equal(refused.length, 82)
  for (const reason of refused) {
    assert.ok(reason instanceof AppError && reason.kind === 'unavailable')
    assert.ok((reason.retryAfter ?? 0) > 0)
  }
  assert.deepEqual(line.counts(), { running: 0, waiting: 0 })
})

test('failed work frees its place', async () => {
  const line = createHashQueue({ concurrency: 1 })
  const failing = line.run(() => Promise.reject(new Error('no')))
  const next = line.run(() => Promise.resolve('served'))
  await assert.rejects(failing, /no/)
  assert.equal(await next, 'served')
})

test('work that waits too long is a 503, and no place is lost', async () => {
  const line = createHashQueue({ concurrency: 1, timeoutMs: 20 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const slow = line.run(() => promise)
  await assert.rejects(
    line.run(() => Promise.resolve()),
    AppError,
  )
  assert.deepEqual(line.counts(), { running: 1, waiting: 0 })
  resolve()
  await slow
  assert.equal(await line.run(() => Promise.resolve('served')), 'served')
})

test('guesses at one account never take every place', async () => {
  const line = createHashQueue()
  const first = Promise.withResolvers<void>()
  const order: string[] = []
  const guess = line.run(() => first.promise, 'ada')
  const second = line.run(async () => void order.push('ada'), 'ada')
  const bea = line.run(async () => void order.push('bea'), 'bea')
  await bea
  assert.deepEqual(order, ['bea'])
  first.resolve()
  await Promise.all([guess, second])
  assert.deepEqual(order, ['bea', 'ada'])
})
