import winston from 'winston'
import { currentRequestId } from './current-request-id.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'json' | 'text'

/** An Error is written with its stack and causes. */
export type Fields = Readonly<Record<string, unknown>>

/** Events in past tense with fields: `log.info('session revoked', { account })`. */
export interface Log {
  debug(event: string, fields?: Fields): void
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
  /** Resolves after the last line was passed to the stream. */
  close(): Promise<void>
}

export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly replica: string
  readonly stream?: NodeJS.WritableStream
}

/** A broken stream, such as a full disk, loses lines, never the process. */
export function createLog({ level, format, replica, stream = process.stdout }: LogOptions): Log {
  stream.on('error', () => {})
  const logger = winston.createLogger({
    level,
    format: winston.format.printf((info) => lineOf(info as unknown as Line, replica, format)),
    transports: [new winston.transports.Stream({ stream })],
  })
  const write =
    (severity: LogLevel) =>
    (event: string, fields: Fields = {}) =>
      void logger.log({ level: severity, message: event, fields: plain(fields) })
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    close: () => flushed(logger, stream),
  }
}

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Fields
}

function lineOf({ level, message, fields }: Line, replica: string, format: LogFormat): string {
  const requestId = currentRequestId()
  const time = new Date().toISOString()
  if (format === 'text') return readable(time, level, message, { ...fields, ...(requestId && { requestId }) })
  return inert(JSON.stringify({ time, level, msg: message, replica, ...(requestId && { requestId }), ...fields }))
}

/** Characters that JSON does not escape, though they end a line or begin an escape code. */
export function inert(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `14:02:11.120 info  replica ready port=3000`. */
export function readable(time: string, level: string, event: string, fields: Fields): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`)
  return [`${time.slice(11, 23)} ${level.padEnd(5)} ${event}`, ...pairs].join(' ')
}

function shown(value: unknown): string {
  // As JSON, so that a client's line breaks and escape codes have no effect.
  const text = inert(JSON.stringify(value) ?? 'undefined')
  return /^"[\w.:/@%+-]+"$/.test(text) ? text.slice(1, -1) : text
}

export function plain(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]),
  )
}

function describe(error: Error): object {
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    stack: error.stack,
    ...(error.cause instanceof Error && { cause: describe(error.cause) }),
  }
}

function flushed(logger: winston.Logger, stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    logger.once('finish', () => stream.write('', () => resolve()))
    stream.once('error', () => resolve())
    logger.end()
  })
}
