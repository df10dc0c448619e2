import type { SessionData } from 'express-session'

export interface RegenerateOptions {
  /** What of the session goes on under the new id: all of it, some fields, or (by default) nothing. */
  readonly keep?: boolean | readonly string[]
  /** Fields of the session that are written in the same commit as the new id: who is signed in, since when. */
  readonly assign?: Partial<SessionData>
  /** Milliseconds without activity after which it ends, at most ten years (else RangeError); default: as before. */
  readonly maxAge?: number
  /** Milliseconds after which it ends at the latest, with the same bound; default: the store's. */
  readonly absoluteMaxAge?: number
  /** Whoever is signed in goes on under the new id: rejects with SessionGone where the session has ended meanwhile. Signing in works all the same. */
  readonly mustBeLive?: boolean
}

/** Which fields of the session continue under the new id. */
export function keepsField({ keep = false }: RegenerateOptions): (name: string) => boolean {
  return (name) => (Array.isArray(keep) ? keep.includes(name) : keep === true)
}
