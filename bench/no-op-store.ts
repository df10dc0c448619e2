import { type SessionData, Store } from 'express-session'

/** The least that a store can cost: a text in memory, parsed because express-session wants an object of its own. */
export class NoOpStore extends Store {
  readonly #texts = new Map<string, string>()

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    const text = this.#texts.get(sid)
    callback(null, text === undefined ? null : JSON.parse(text))
  }

  override set(sid: string, session: SessionData, callback?: (error?: unknown) => void): void {
    this.#texts.set(sid, JSON.stringify(session))
    callback?.()
  }

  override touch(_sid: string, _session: SessionData, callback?: () => void): void {
    callback?.()
  }

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    this.#texts.delete(sid)
    callback?.()
  }
}
