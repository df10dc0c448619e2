import { renames } from './rotate-id.ts'
import { signOuts } from './sign-out.ts'
import { updates } from './update.ts'
import type { Race } from './workload.ts'
import { writes } from './write.ts'

export const RACES: readonly Race[] = [signOuts, writes, updates, renames]
