import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts'

const PROGRAM = `
import { setImmediate as immediate } from 'node:timers/promises'
import { handleRequests, workerSettings } from ${JSON.stringify(join(import.meta.dirname, 'worker-process.ts'))}
handleRequests(async ({ kind, count }, emit) => {
  if (kind === 'settings') return workerSettings()
  if (kind === 'fail') throw new RangeError('the handler failed')
  if (kind === 'exit') process.exit(3)
  if (kind === 'send without end') for (;; await immediate()) emit({})
  for (let n = 1; n <= count; n++) emit({ n })
  return kind === 'hang' ? await new Promise(() => setInterval(() => {}, 1000)) : 'emitted'
})`

test('a worker process responds to each request, and rejects with the error of its handler', async (t) => {
  const worker = start(t, { replica: 2 })
  const failed = assert.rejects(worker.request({ kind: 'fail' }), /RangeError: the handler failed/)
  assert.deepEqual(await worker.request({ kind: 'settings' }), { replica: 2 })
  await failed
})

test('a worker process emits messages before its response', async (t) => {
  const received: number[] = []
  const onMessage = ({ n }: { n: number }) => received.push(n)
  assert.equal(await start(t).request({ kind: 'emit', count: 3 }, onMessage), 'emitted')
  assert.deepEqual(received, [1, 2, 3])
})

test('a request rejects when the process is killed, after all messages that it had sent', async (t) => {
  const worker = start(t)
  let count = 0
  const hanging = worker.request<never, object>({ kind: 'hang', count: 1000 }, () => {
    count++
    if (count === 1000) void worker.kill()
  })
  await assert.rejects(hanging, /worker\.ts ended \(SIGKILL\)/)
  assert.equal(count, 1000)
})

test('requests reject when the process ends by itself, also those that come later', async (t) => {
  const worker = start(t)
  await assert.rejects(worker.request({ kind: 'exit' }), /ended \(exit 3\)/)
  await assert.rejects(worker.request({ kind: 'settings' }))
})

test('a worker process that is stopped while it sends ends in order', async (t) => {
  const worker = start(t)
  const sent = Promise.withResolvers<void>()
  const ended = assert.rejects(worker.request({ kind: 'send without end' }, sent.resolve), /ended \(exit 0\)/)
  await sent.promise
  await worker.stop()
  await ended
})

function start(t: TestContext, settings: object = {}): WorkerProcess {
  const folder = mkdtempSync(join(tmpdir(), 'worker-process-'))
  writeFileSync(join(folder, 'worker.ts'), PROGRAM)
  const worker = startWorkerProcess(join(folder, 'worker.ts'), settings)
  t.after(async () => {
    await worker.stop()
    rmSync(folder, { recursive: true })
  })
  return worker
}
