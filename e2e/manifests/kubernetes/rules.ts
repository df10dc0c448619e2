import { nameRules } from './name-rules.ts'
import { networkRules } from './network-rules.ts'
import { podRules } from './pod-rules.ts'
import { scaleRules } from './scale-rules.ts'
import { settingRules } from './setting-rules.ts'

/** All rules for a set of rendered objects. */
export const RULES = { ...podRules, ...settingRules, ...nameRules, ...scaleRules, ...networkRules } as const
export type Promised = keyof typeof RULES
