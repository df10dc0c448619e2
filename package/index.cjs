'use strict'
const { Cookie, MemoryStore, Session, Store } = require('express-session')
const errors = require('./dist/src/sessions/errors.js')
const { updateSession } = require('./dist/src/sessions/request/session-object.js')
const { createSessions } = require('./dist/src/sessions/sessions.js')

const { NotSerializable, SessionEnded, SessionRefused, SessionTooLarge, StoreUnavailable } = errors

/** express-session's function takes its options as its only argument, too. */
function session(options) {
  return createSessions(options)
}

module.exports = Object.assign(session, {
  default: session,
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
})
