import { StoreUnavailable } from '../errors.ts'

/**
 * Budget for one interaction with the store, including the wait for a connection and retries.
 * Reading and committing a request's session share one.
 */
export const DEADLINE_MS = 3000

/** Rejects with StoreUnavailable. The work is not cancelled, so its outcome is unknown. */
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
