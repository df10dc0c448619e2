import { setTimeout as pause } from 'node:timers/promises'

/** Waits until `holds` says true; fails with `what` after `patience` milliseconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, patience = 15_000): Promise<void> {
  const deadline = performance.now() + patience
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${patience} ms: ${what}`)
    await pause(50)
  }
}
