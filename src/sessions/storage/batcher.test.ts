import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatcher } from './batcher.ts'

test('concurrent calls share a batch, and each gets its own value', async () => {
  const batches: (readonly number[])[] = []
  const ask = createBatcher<number, number>(async (keys) => {
    batches.push(keys)
    return keys.map((key) => key * 2)
  }, 1000)
  assert.deepEqual(await Promise.all([ask(1), ask(2), ask(3)]), [2, 4, 6])
  assert.deepEqual(batches, [[1, 2, 3]])
})

test('while a batch is in flight the next one collects; a hung one lets a second pass, and no third; nothing is cached', async () => {
  const releases: (() => void)[] = []
  const sizes: number[] = []
  const ask = createBatcher<number, number>(async (keys) => {
    sizes.push(keys.length)
    await new Promise<void>((resolve) => releases.push(resolve))
    return keys
  }, 1000)
  const answers: Promise<number>[] = []
  for (const key of [1, 2]) {
    answers.push(ask(key))
    await until(() => releases.length === key)
  }
  answers.push(ask(3), ask(1), ask(1))
  await turns()
  assert.deepEqual(sizes, [1, 1])
  releases[0]?.()
  await until(() => releases.length === 3)
  assert.deepEqual(sizes, [1, 1, 3])
  for (const release of releases) release()
  assert.deepEqual(await Promise.all(answers), [1, 2, 3, 1, 1])
})

test('a failed batch rejects all its callers, and no later ones', async () => {
  let broken = true
  const ask = createBatcher<number, number>(
    (keys) => (broken ? Promise.reject(new Error('away')) : Promise.resolve(keys)),
    1000,
  )
  const outcomes = await Promise.allSettled([ask(1), ask(2)])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  broken = false
  assert.equal(await ask(3), 3)
})

test('a result with another length than the batch is an error', async () => {
  const ask = createBatcher<number, number>(async () => [1], 1000)
  const outcomes = await Promise.allSettled([ask(1), ask(2)])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
})

test('a call that waited behind a hung batch has only the rest of its time', async () => {
  const timeouts: number[] = []
  const releases: (() => void)[] = []
  const ask = createBatcher<number, number>(async (keys, left) => {
    timeouts.push(left)
    await new Promise<void>((resolve) => releases.push(resolve))
    return keys
  }, 60_000)
  const answers: Promise<number>[] = []
  for (const key of [1, 2]) {
    answers.push(ask(key))
    await until(() => releases.length === key)
  }
  answers.push(ask(3))
  const start = performance.now()
  await until(() => performance.now() - start > 20)
  for (const release of releases) release()
  await until(() => releases.length === 3)
  releases[2]?.()
  await Promise.all(answers)
  assert.ok((timeouts[2] ?? 60_000) <= 60_000 - 20)
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns()
}

function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
