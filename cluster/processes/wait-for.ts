import { setTimeout as sleep } from 'node:timers/promises'

/** Polls until `probe` returns a value. Throws after `timeoutMs`, naming `what`. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`)
    await sleep(20)
  }
}
