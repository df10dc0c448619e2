import type { LogFormat, LogLevel } from './runtime/log.ts'
import type { StaleCookie } from './sessions/request/stale-cookies.ts'

/** The settings of one replica, as the configuration reads them. */
export interface ServerOptions {
  readonly site: string
  readonly replica: string
  readonly version: string
  readonly commit: string | undefined
  readonly production: boolean
  readonly host: string | undefined
  readonly port: number
  readonly metricsPort: number
  readonly databaseUrl: string
  readonly poolSize: number
  readonly connectTimeoutMs: number
  readonly queryTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly secrets: readonly string[]
  readonly sessionMaxAgeMs: number
  readonly sessionAbsoluteMaxAgeMs: number
  readonly sessionStore: 'postgres' | 'memory'
  readonly cookie: {
    readonly name: string
    readonly previousName: string | undefined
    readonly secure: boolean
    readonly clear?: readonly StaleCookie[]
  }
  readonly trustProxy: number | boolean
  readonly clientAddressHeader: string | undefined
  readonly drain: { readonly delayMs: number; readonly timeoutMs: number }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
}
