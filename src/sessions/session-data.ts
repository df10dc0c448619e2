import type {} from 'express-session'

declare module 'express-session' {
  /** What every session may hold. A slice declares its own fields beside their use. */
  interface SessionData {
    /** The account that is signed in; absent for a visitor. */
    account?: string
    /** The account's credentials version at sign-in (absent: 0); an account that has moved on no longer honours the session. */
    credentialsVersion?: number
    /** When the person signed in, in milliseconds since 1970. */
    signedInAt?: number
  }
}
