import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { repository } from '../cluster/replica-environment.ts'

/** A process of ours that answers questions; it ends when we do, however that happens. */
export interface Worker {
  readonly pid: number
  /** Rejects with what went wrong there, and where the process ends meanwhile. */
  ask<Answer>(question: object): Promise<Answer>
  end(): Promise<void>
}

interface Reply {
  readonly id: number
  readonly answer?: unknown
  readonly fault?: string
}

/** The cluster's: a start costs a third less with it. */
const cache = join(repository, 'node_modules', '.cache', 'node')

/** Starts a file of this folder; `given` is its one argument. */
export function startWorker(file: string, given: object = {}, nodeFlags: readonly string[] = []): Worker {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(given)], {
    // A group of its own: Ctrl-C reaches us alone, and a slice that runs is not spoilt.
    detached: true,
    execArgv: [...nodeFlags],
    env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: cache },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let last = 0
  child.on('message', ({ id, answer, fault }: Reply) => {
    if (fault === undefined) waiting.get(id)?.resolve(answer)
    else waiting.get(id)?.reject(new Error(fault))
    waiting.delete(id)
  })
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended (${signal ?? `exit ${code}`})`))
  })
  return {
    pid: child.pid ?? 0,
    ask<Answer>(question: object) {
      const asked = Promise.withResolvers<unknown>()
      waiting.set(++last, asked)
      child.send({ id: last, question })
      return asked.promise as Promise<Answer>
    },
    end: () => end(child),
  }
}

/** The other side: answers each question with what `answer` makes of it. */
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
  process.on('message', async ({ id, question }: { id: number; question: Question }) => {
    try {
      process.send?.({ id, answer: await answer(question) })
    } catch (error) {
      process.send?.({ id, fault: (error as Error).stack ?? String(error) })
    }
  })
  // Also what lets --cpu-prof write its file.
  process.once('disconnect', () => process.exit())
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  const late = new AbortController()
  const patience = sleep(5_000, undefined, { signal: late.signal }).then(() => child.kill('SIGKILL'))
  await exited
  late.abort()
  await patience.catch(() => undefined)
}
