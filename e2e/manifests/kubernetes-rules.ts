import { nameRules } from './kubernetes-name-rules.ts'
import { networkRules } from './kubernetes-network-rules.ts'
import { podRules } from './kubernetes-pod-rules.ts'
import { scaleRules } from './kubernetes-scale-rules.ts'
import { settingRules } from './kubernetes-setting-rules.ts'

/** Everything that a set of rendered objects has to hold to, by its promise. */
export const RULES = { ...podRules, ...settingRules, ...nameRules, ...scaleRules, ...networkRules } as const
export type Promised = keyof typeof RULES
