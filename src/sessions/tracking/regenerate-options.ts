import type { SessionData } from 'express-session'

export interface RegenerateOptions {
  /** What of the session continues under the new id: all of it, these fields, or (default) nothing. */
  readonly keep?: boolean | readonly string[]
  /** Fields that are written in the same commit as the new id, such as the account that signed in. */
  readonly assign?: Partial<SessionData>
  /** Milliseconds without activity until the session ends, ten years at most (else RangeError). Default: as before. */
  readonly maxAge?: number
  /** Milliseconds until it ends whatever its activity, with the same limit. Default: that of the store. */
  readonly absoluteMaxAge?: number
  /** Rejects with SessionEnded where the session has ended meanwhile. Default: a new session begins. */
  readonly mustBeLive?: boolean
}

/** Which fields of the session continue under the new id. */
export function keepsField({ keep = false }: RegenerateOptions): (name: string) => boolean {
  return (name) => (Array.isArray(keep) ? keep.includes(name) : keep === true)
}
