import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

/** Connection options in pg's terms. */
export interface Address {
  readonly connectionString: string
  readonly ssl: false | ConnectionOptions
  readonly sslnegotiation?: 'direct'
  readonly enableChannelBinding?: true
}

/** Parsed here: pg gives them another meaning than libpq, and warns on stderr. */
const TLS = [
  'ssl',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'uselibpqcompat',
  'channel_binding',
] as const

/** Parameters that pg understands as libpq does. */
const PASSED = new Set([
  'host',
  'port',
  'user',
  'password',
  'options',
  'application_name',
  'fallback_application_name',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
])

/** For other clients, or settings of our own. They change nothing on the server. */
const IGNORED = new Set([
  'connect_timeout',
  'connection_limit',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'pgbouncer',
  'pool_timeout',
  'socket_timeout',
  'sslcompression',
  'sslsni',
  'statement_cache_size',
  'supa',
  'tcp_user_timeout',
  'workaround',
])

/** Any other value would silently mean something else. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  client_encoding: ['utf8', 'utf-8', 'auto'],
  schema: ['public'],
  target_session_attrs: ['any', 'read-write', 'primary'],
}

const INSTEAD: Readonly<Record<string, string>> = {
  schema: 'write options=-c%20search_path%3DNAME',
  statement_timeout: 'QUERY_TIMEOUT sets it, and `migrate` limits the role',
  query_timeout: 'QUERY_TIMEOUT sets it',
  sslaccept: 'write sslmode=no-verify or sslmode=verify-full',
  dbname: 'write the database behind the host: postgres://host/database',
}

/**
 * Parses a `postgres://` address. `sslmode` means the same as in libpq: `require` encrypts without
 * checks (with `sslrootcert` it checks the issuer), `verify-ca` checks the issuer, `verify-full`
 * the name, too. `ssl=true` is verify-full, as in pg. Default: no TLS. Throws for a parameter that
 * pg would misread or that is unknown: ignoring it could mean an unencrypted connection. Errors
 * never show the address, which holds a password.
 */
export function readAddress(text: string): Address {
  const url = parse(text)
  const given = Object.fromEntries(TLS.map((name) => [name, url.searchParams.get(name) ?? undefined]))
  for (const name of TLS) {
    if (url.searchParams.getAll(name).length > 1) throw new Error(`names ${name} twice`)
    url.searchParams.delete(name)
  }
  for (const name of new Set(url.searchParams.keys())) checkParameter(name, url.searchParams.getAll(name))
  for (const name of url.searchParams.keys().toArray()) if (!PASSED.has(name)) url.searchParams.delete(name)
  const ssl = tlsOf(given)
  const isDirect = negotiationOf(given.sslnegotiation, ssl)
  return {
    connectionString: url.href,
    ssl,
    ...(isDirect && { sslnegotiation: 'direct' }),
    ...(isBound(given.channel_binding) && { enableChannelBinding: true }),
  }
}

export function saysTls(text: string): boolean {
  return URL.canParse(withHost(text)) && TLS.some((name) => new URL(withHost(text)).searchParams.has(name))
}

const EXAMPLE = 'postgres://user:password@host:5432/database'

function parse(text: string): URL {
  if (/^[a-z]+:\/\/[^/?#]*@?[^/?#@]*,/i.test(text)) throw new Error('names several hosts: pg connects to one')
  const written = withHost(text)
  if (!URL.canParse(written))
    throw new Error(
      `is no address: write ${EXAMPLE}; in a password, write %23 for #, %2F for /, %3F for ?, %40 for @, %25 for %`,
    )
  const url = new URL(written)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    throw new Error(
      'must begin with postgres://; for a Unix socket write postgres://user@localhost/database?host=/folder',
    )
  for (const part of [url.username, url.password, url.hostname, url.pathname])
    if (!isEncoded(part)) throw new Error('has a % that begins no escape: write %25 for it')
  return url
}

/** pg accepts an address with an empty host and the Unix socket in the query. URL does not. */
function withHost(text: string): string {
  return text.replace(/^([a-z]+:\/\/[^/?#]*@)(?=[/?]|$)/i, '$1localhost')
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

function checkParameter(name: string, values: readonly string[]): void {
  if (values.length > 1) throw new Error(`names ${name} twice`)
  const [value = ''] = values
  if (name === 'host' && value.includes(',')) throw new Error('names several hosts: pg connects to one')
  if (name === 'port' && !/^\d{1,5}$/.test(value)) throw new Error('has a port that is no number')
  const allowed = ONLY[name]
  const isSupported = PASSED.has(name) || IGNORED.has(name) || allowed?.includes(value.toLowerCase())
  if (isSupported) return
  const instead = INSTEAD[name] ?? (allowed && `only ${allowed.join(', ')} work here`) ?? 'leave it out'
  // The name is hidden: it can be part of an unescaped password.
  const shown =
    /^\w{1,40}$/.test(name) && (Object.hasOwn(INSTEAD, name) || allowed !== undefined) ? name : 'a parameter'
  throw new Error(`has ${shown} with no meaning here: ${instead}`)
}

function tlsOf({
  ssl,
  sslmode = modeOf(ssl),
  sslrootcert,
  sslcert,
  sslkey,
  sslnegotiation,
}: Readonly<Record<string, string | undefined>>): Address['ssl'] {
  if (ssl !== undefined && (modeOf(ssl) === 'disable') !== (sslmode === 'disable'))
    throw new Error('sets TLS both on and off, in ssl and sslmode')
  const files = {
    ...(sslrootcert !== undefined && sslrootcert !== 'system' && { ca: read('sslrootcert', sslrootcert) }),
    ...(sslcert !== undefined && { cert: read('sslcert', sslcert) }),
    ...(sslkey !== undefined && { key: read('sslkey', sslkey) }),
  }
  const anyName = { checkServerIdentity: () => undefined }
  switch (sslmode) {
    case undefined:
      // As pg: certificates, or sslnegotiation, imply TLS.
      return [sslrootcert, sslcert, sslkey].some((file) => file !== undefined) || sslnegotiation === 'direct'
        ? files
        : false
    case 'disable':
      return false
    case 'no-verify':
      return { ...files, rejectUnauthorized: false }
    case 'require':
      return sslrootcert === undefined ? { ...files, rejectUnauthorized: false } : { ...files, ...anyName }
    case 'verify-ca':
      return { ...files, ...anyName }
    case 'verify-full':
      return files
    default:
      throw new Error('has an sslmode that is not known here: disable, require, verify-ca or verify-full')
  }
}

/** As an sslmode. For pg every other text means TLS, even `false`. */
function modeOf(ssl: string | undefined): string | undefined {
  switch (ssl) {
    case undefined:
      return undefined
    case 'true':
    case '1':
      return 'verify-full'
    case '0':
      return 'disable'
    case 'no-verify':
      return 'no-verify'
    default:
      throw new Error('has an ssl that is not known here: write sslmode=disable, or sslmode=verify-full')
  }
}

function negotiationOf(sslnegotiation: string | undefined, ssl: Address['ssl']): boolean {
  if (sslnegotiation === undefined || sslnegotiation === 'postgres') return false
  if (sslnegotiation !== 'direct') throw new Error('has an sslnegotiation that is not known here: postgres or direct')
  if (ssl === false) throw new Error('has sslnegotiation=direct, which needs TLS, and an sslmode that disables it')
  return true
}

/** `require` cannot be guaranteed: pg uses channel binding where the server offers it. */
function isBound(binding: string | undefined): boolean {
  if (binding !== undefined && !['disable', 'prefer', 'require'].includes(binding))
    throw new Error('has a channel_binding that is not known here: disable, prefer or require')
  return binding === 'prefer' || binding === 'require'
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`names a file in ${name} that cannot be read`, { cause: error })
  }
}
