import { StoreUnavailable } from '../errors.ts'

/**
 * Milliseconds for all that a request asks of the store at one point: a connection, a place in the queue, another try. Finding a request's session and
 * committing it are one point; what a handler calls by itself is another.
 */
export const DEADLINE = 3000

/** Rejects with StoreUnavailable where `work` takes longer; it is not ended, so nobody knows what becomes of it. */
export async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const tooLate = () => reject(new StoreUnavailable(new Error(`no answer within ${Math.round(milliseconds)} ms`)))
    timer = setTimeout(tooLate, milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
