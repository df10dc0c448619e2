import { rotateId } from './rotate-id.ts'
import { signOut } from './sign-out.ts'
import { update } from './update.ts'
import type { Workload } from './workload.ts'
import { write } from './write.ts'

export const WORKLOADS: readonly Workload[] = [signOut, write, update, rotateId]
