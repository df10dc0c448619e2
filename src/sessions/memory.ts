import session from 'express-session'
import { generate, type SessionStore } from './store.ts'

/** Sessions in this process alone, as before the move to Postgres: the way back in an emergency, for one replica only. */
export class MemorySessions extends session.MemoryStore implements SessionStore {
  override regenerate(req: Parameters<session.Store['regenerate']>[0], callback: (error?: unknown) => unknown): void {
    const sid = req.sessionID
    generate(this, req)
    this.rename(sid, req.session).then(() => callback(), callback)
  }

  async rename(sid: string, next: session.Session & session.SessionData): Promise<void> {
    await new Promise((resolve) => this.destroy(sid, resolve))
    await new Promise((resolve) => this.set(next.id, next, resolve))
  }

  renew(loaded: session.Session & session.SessionData): Promise<void> {
    return new Promise((resolve) => this.touch(loaded.id, loaded, () => resolve()))
  }

  isDue(): boolean {
    return true
  }

  async endAccount(account: string, exceptSid?: string): Promise<number> {
    const sids = (await this.#all()).filter(([sid, data]) => data.account === account && sid !== exceptSid)
    for (const [sid] of sids) await new Promise((resolve) => this.destroy(sid, resolve))
    return sids.length
  }

  // MemoryStore forgets what has expired when it is asked for it.
  async clearExpired(): Promise<number> {
    return 0
  }

  #all(): Promise<[string, session.SessionData][]> {
    return new Promise((resolve) => this.all((_error, sessions) => resolve(Object.entries(sessions ?? {}))))
  }
}
