import type {} from 'express-session'

declare module 'express-session' {
  /** Fields of every session. A feature declares its own fields beside their use. */
  interface SessionData {
    /** The account that is signed in; absent for a visitor. */
    account?: string
    /** Of the account, at sign-in. Absent: 0. An older version makes the session a visitor's. */
    credentialsVersion?: number
    /** Milliseconds since 1970. */
    signedInAt?: number
  }
}
