import type { Objects } from './objects.ts'

/** Returns one line for each violation. */
export type Rule = (objects: Objects) => readonly string[]
