import expressSession = require('express-session')

import './dist/src/sessions/request/session-object.js'
import * as errors from './dist/src/sessions/errors.js'
import * as options from './dist/src/sessions/options.js'
import * as sessions from './dist/src/sessions/sessions.js'
import * as regenerate from './dist/src/sessions/tracking/regenerate-options.js'

/** Sessions of an Express application on many replicas, in the place of express-session's handler. */
declare function session(options: session.SessionsOptions): session.Sessions

declare namespace session {
  export { session as default }
  export import createSessions = sessions.createSessions
  export import NotSerializable = errors.NotSerializable
  export import SessionEnded = errors.SessionEnded
  export import SessionRefused = errors.SessionRefused
  export import SessionTooLarge = errors.SessionTooLarge
  export import StoreUnavailable = errors.StoreUnavailable
  export import Cookie = expressSession.Cookie
  export import MemoryStore = expressSession.MemoryStore
  export import Session = expressSession.Session
  export import SessionData = expressSession.SessionData
  export import Store = expressSession.Store
  export type CookieSettings = options.CookieSettings
  export type RegenerateOptions = regenerate.RegenerateOptions
  export type Sessions = sessions.Sessions
  export type SessionsOptions = options.SessionsOptions
  /** As `req.session.update`, also where a field named `update` hides it. */
  export function updateSession(req: object, change: (draft: expressSession.SessionData) => void): Promise<void>
}

export = session
