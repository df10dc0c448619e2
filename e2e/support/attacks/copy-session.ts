import type { Visitor } from '../actors/visitor.ts'

/** Gives a thief the session cookie that this browser has now. */
export function copySession({ jar }: Visitor, thief: Visitor): Visitor {
  thief.jar.set('sid', jar.get('sid') ?? '')
  return thief
}
