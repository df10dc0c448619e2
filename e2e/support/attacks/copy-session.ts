import type { Visitor } from '../actors/visitor.ts'

/** Gives a thief the session cookie that this browser has now. */
export function copySession({ jar }: Visitor, thief: Visitor): Visitor {
  thief.jar.put('sid', jar.get('sid')?.value ?? '')
  return thief
}
