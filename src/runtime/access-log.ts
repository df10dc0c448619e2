import type { IncomingMessage, ServerResponse } from 'node:http'
import { pinoHttp } from 'pino-http'
import { inert, type LogFormat, type LogLevel, readable } from './log.ts'

export interface AccessLogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly replica: string
  readonly stream?: NodeJS.WritableStream
}

export type AccessLog = (req: IncomingMessage, res: ServerResponse, next: () => void) => void

/** One line for each response, in the format of the application log. Needs `req.id`. */
export function createAccessLog({ level, format, replica, stream = process.stdout }: AccessLogOptions): AccessLog {
  return pinoHttp(
    {
      level,
      base: null,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}","replica":${JSON.stringify(replica)}`,
      // Never bind the whole request or response: their headers hold cookies.
      quietReqLogger: true,
      quietResLogger: true,
      serializers: { req: () => undefined, res: () => undefined },
      customAttributeKeys: { reqId: 'requestId' },
      autoLogging: { ignore: isProbe },
      customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'warn' : 'info'),
      customSuccessMessage: (_req, res) => eventOf(res),
      customErrorMessage: (_req, res) => eventOf(res),
      customSuccessObject: (req, res, { responseTime }) => fieldsOf(req, res, responseTime),
      customErrorObject: (req, res, _error, { responseTime }) => fieldsOf(req, res, responseTime),
    },
    { write: (line: string) => void stream.write(format === 'json' ? inert(line) : readableLine(line)) },
  )
}

function eventOf(res: ServerResponse): string {
  return res.writableFinished ? 'request answered' : 'request abandoned'
}

function fieldsOf(req: IncomingMessage, res: ServerResponse, durationMs: number): object {
  return { method: req.method, path: pathOf(req), status: res.statusCode, durationMs }
}

function pathOf(req: IncomingMessage): string {
  const address = (req as { originalUrl?: string }).originalUrl ?? req.url ?? ''
  return address.split('?', 1)[0] ?? ''
}

/** Health probes come every second. A failing probe shows in the events of the state. */
function isProbe(req: IncomingMessage): boolean {
  const path = pathOf(req)
  return path === '/livez' || path === '/readyz'
}

function readableLine(line: string): string {
  const { time, level, msg, replica: _, ...fields } = JSON.parse(line)
  return `${readable(time, level, msg, fields)}\n`
}
