import { type ServerResponse, validateHeaderName } from 'node:http'

/**
 * Sets the headers of a `writeHead` call, in every form that Node accepts, and returns the other
 * arguments. As in Node they replace earlier ones, and an invalid one throws.
 */
export function applyHead(res: ServerResponse, args: readonly unknown[]): unknown[] {
  const [statusCode, reason] = args
  const headers = typeof reason === 'string' ? args[2] : (args[2] ?? reason)
  const pairs = pairsOf(headers)
  for (const [name] of pairs) validateHeaderName(name)
  for (const [name] of pairs) res.removeHeader(name)
  for (const [name, value] of pairs) res.appendHeader(name, value)
  return typeof reason === 'string' ? [statusCode, reason] : [statusCode]
}

/** Throws what Node would throw later, when the caller of a queued call cannot catch it. */
export function assertSendable(res: ServerResponse, name: string, args: readonly unknown[]): void {
  const status = name === 'writeHead' ? args[0] : res.statusCode
  if (!(Number(status) >= 100 && Number(status) <= 999))
    throw Object.assign(new RangeError(`Invalid status code: ${status}`), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
  const [chunk] = args
  const isOptional = name === 'end' && (chunk === undefined || chunk === null || typeof chunk === 'function')
  const isBody = name === 'write' || name === 'end'
  if (isBody && !isOptional && typeof chunk !== 'string' && !(chunk instanceof Uint8Array))
    throw Object.assign(new TypeError('A response body consists of strings, Buffers and Uint8Arrays'), {
      code: 'ERR_INVALID_ARG_TYPE',
    })
}

type Pair = readonly [name: string, value: string | string[]]

function pairsOf(headers: unknown): readonly Pair[] {
  if (typeof headers !== 'object' || headers === null) return []
  if (!Array.isArray(headers)) return Object.entries(headers).map(pairOf)
  if (headers.every((header) => Array.isArray(header))) return (headers as [unknown, unknown][]).map(pairOf)
  if (headers.length % 2 !== 0)
    throw Object.assign(new TypeError('writeHead: a flat list of headers has an even length'), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  return Array.from({ length: headers.length / 2 }, (_, index) => pairOf([headers[2 * index], headers[2 * index + 1]]))
}

function pairOf([name, value]: readonly unknown[]): Pair {
  return [String(name), Array.isArray(value) ? value.map(String) : (value as string)]
}
