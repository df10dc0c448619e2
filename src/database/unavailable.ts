/** Shutting down, starting, too many connections, read-only after a failover, cancelled. */
const TRANSIENT = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '25006',
  '57014',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
])
/** The database rejects everyone: after a changed password, or with an expired certificate. */
const ACCESS_DENIED = new Set([
  '28000',
  '28P01',
  '3D000',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
])
const CODES = [TRANSIENT, ACCESS_DENIED, NETWORK]
const MESSAGES = [
  /timeout exceeded when trying to connect/,
  /Query read timeout/,
  /Connection terminated/,
  /Client has encountered a connection error/,
]

/** Also looks at the causes of the error. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && CODES.some((codes) => codes.has(code))) return true
  return MESSAGES.some((pattern) => pattern.test(error.message)) || isUnavailable(error.cause)
}
