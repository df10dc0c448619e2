/** What keeps the sessions of a candidate. */
export type Kind = 'none' | 'free' | 'ours' | 'stock' | 'redis'

export interface Contender {
  readonly name: string
  /** For people. */
  readonly label: string
  readonly kind: Kind
  /** Moves the expiry at each request, as the store is shipped. */
  readonly touch: boolean
}

/** What a user would pick, and the two ends of the scale. */
export const CONTENDERS: readonly Contender[] = [
  { name: 'none', label: 'no session', kind: 'none', touch: false },
  { name: 'free', label: 'express-session, a store that costs nothing', kind: 'free', touch: true },
  { name: 'ours', label: 'Roundhouse', kind: 'ours', touch: true },
  { name: 'redis-untouched', label: 'connect-redis, disableTouch', kind: 'redis', touch: false },
  { name: 'redis', label: 'connect-redis', kind: 'redis', touch: true },
  { name: 'stock-untouched', label: 'connect-pg-simple, disableTouch', kind: 'stock', touch: false },
  { name: 'stock', label: 'connect-pg-simple', kind: 'stock', touch: true },
]

export function contenderNamed(name: string): Contender {
  const found = CONTENDERS.find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`There is no candidate ${name}`)
  return found
}
