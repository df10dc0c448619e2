import { setTimeout as sleep } from 'node:timers/promises'

const INTERVAL_MS = 20

/** Polls until `poll` returns a value. Throws after `timeoutMs`; `what` names it in the message. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  poll: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const value = await poll()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`)
    await sleep(INTERVAL_MS)
  }
}

/** True once the promise has settled, false after `timeoutMs`. */
export async function settlesWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(timeoutMs, false, { signal: timer.signal }).catch(() => false)
  const settled = await Promise.race([promise.then(() => true), late])
  timer.abort()
  return settled
}
