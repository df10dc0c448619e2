import { StoreUnavailable } from '../errors.ts'

/**
 * Milliseconds for all that a request asks of the store at one point: a connection, a place in the queue, another try. Finding a request's session and
 * committing it are one point; what a handler calls by itself is another.
 */
export const DEADLINE_MS = 3000

/** Rejects with StoreUnavailable where `work` takes longer; it is not ended, so nobody knows what becomes of it. */
export async function withTimeout<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    const onTimeout = () => reject(new StoreUnavailable(new Error(`no answer within ${Math.round(timeoutMs)} ms`)))
    timer = setTimeout(onTimeout, timeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
