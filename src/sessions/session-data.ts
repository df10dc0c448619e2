import type {} from 'express-session'

declare module 'express-session' {
  /** Fields of every session. A feature declares its own fields beside their use. */
  interface SessionData {
    /** The account that is signed in; absent for a visitor. */
    account?: string
    /** The account's credentials version at sign-in; absent: 0. A session with an older version is a visitor's. */
    credentialsVersion?: number
    /** Milliseconds since 1970. */
    signedInAt?: number
  }
}
