import type { Request, RequestHandler, Response } from 'express'

/** Options of express-session, which both take. */
export type Options = Readonly<Record<string, unknown>>

// biome-ignore lint/suspicious/noExplicitAny: idioms of JavaScript, which no type allows.
export type AnyRequest = Request & { session: any; sessionStore: any }
/** What a handler returns is the body, as JSON. Undefined: it has responded by itself. */
export type Handler = (req: AnyRequest, res: Response) => unknown

export interface Step {
  /** Also the name of the handler: `/show?x` is handled by `show`. */
  readonly path: string
  readonly method?: string
  /** Default: what the client has been given. null: none. */
  readonly cookie?: string | null | ((own: string) => string)
  readonly headers?: Readonly<Record<string, string>>
}

/** The same story for express-session and for ours. */
export interface Situation {
  readonly title: string
  readonly options?: Options
  readonly handlers?: Readonly<Record<string, Handler>>
  readonly steps: readonly (string | Step)[]
  /** The reason of an intended difference: a row of the package's README. */
  readonly differs?: string
  /** Where Express trusts a proxy. */
  readonly trustProxy?: boolean
  /** Where the session middleware is mounted. Default: everywhere. */
  readonly mount?: string
  /** Runs before the session middleware. */
  readonly before?: RequestHandler
  /** Default: both stores. */
  readonly only?: 'memory' | 'postgres'
}
