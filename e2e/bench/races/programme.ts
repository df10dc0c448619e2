import type { Race } from './race.ts'
import { renames } from './renames.ts'
import { signOuts } from './sign-outs.ts'
import { updates } from './updates.ts'
import { writes } from './writes.ts'

export const RACES: readonly Race[] = [signOuts, writes, updates, renames]
