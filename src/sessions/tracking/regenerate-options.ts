import type { SessionData } from 'express-session'

export interface RegenerateOptions {
  /** What continues under the new id: everything, these fields, or (default) nothing. */
  readonly keep?: boolean | readonly string[]
  /** Fields to write in the same commit, such as the account that signed in. */
  readonly assign?: Partial<SessionData>
  /** Milliseconds without activity, ten years at most (else RangeError). Default: as before. */
  readonly maxAge?: number
  /** Milliseconds whatever the activity, with the same limit. Default: the store's. */
  readonly absoluteMaxAge?: number
  /** Rejects with SessionEnded for an ended session. Default: a new session begins. */
  readonly mustBeLive?: boolean
}

/** Which fields of the session continue under the new id. */
export function keepsField({ keep = false }: RegenerateOptions): (name: string) => boolean {
  return (name) => (Array.isArray(keep) ? keep.includes(name) : keep === true)
}
