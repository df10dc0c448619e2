import session from './index.cjs'

export const {
  createSessions,
  updateSession,
  NotSerializable,
  SessionEnded,
  SessionRefused,
  SessionTooLarge,
  StoreUnavailable,
  Cookie,
  MemoryStore,
  Session,
  Store,
} = session
export default session
