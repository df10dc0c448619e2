import session = require('./index.cjs')

export import createSessions = session.createSessions
export import updateSession = session.updateSession
export import NotSerializable = session.NotSerializable
export import SessionEnded = session.SessionEnded
export import SessionRefused = session.SessionRefused
export import SessionTooLarge = session.SessionTooLarge
export import StoreUnavailable = session.StoreUnavailable
export import Cookie = session.Cookie
export import MemoryStore = session.MemoryStore
export import Session = session.Session
export import SessionData = session.SessionData
export import Store = session.Store
export type CookieSettings = session.CookieSettings
export type RegenerateOptions = session.RegenerateOptions
export type Sessions = session.Sessions
export type SessionsOptions = session.SessionsOptions
export default session
