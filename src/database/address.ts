import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

/** Where a database is and how it is spoken to, in pg's words. */
export interface Address {
  readonly connectionString: string
  readonly ssl: false | ConnectionOptions
}

/** Settings of libpq's that say how TLS is used; they are mapped here because pg warns on stderr and reads them in another sense. */
const TLS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat', 'ssl'] as const

/**
 * Reads a `postgres://` address. `sslmode` means what it means to libpq: `require` encrypts without checking the server's name or issuer (it checks
 * the issuer where `sslrootcert` is given), `verify-ca` checks the issuer, `verify-full` the name too. Without it there is no TLS.
 * Throws an Error that never repeats the address: it holds a password.
 */
export function readAddress(text: string): Address {
  if (!URL.canParse(text)) throw new Error('is no address: write postgres://user:password@host:5432/database')
  const url = new URL(text)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw new Error('must begin with postgres://')
  const given = Object.fromEntries(TLS.map((name) => [name, url.searchParams.get(name) ?? undefined]))
  for (const name of TLS) url.searchParams.delete(name)
  return { connectionString: url.href, ssl: tlsOf(given) }
}

function tlsOf({
  sslmode,
  sslrootcert,
  sslcert,
  sslkey,
}: Readonly<Record<string, string | undefined>>): Address['ssl'] {
  const files = {
    ...(sslrootcert !== undefined && sslrootcert !== 'system' && { ca: read('sslrootcert', sslrootcert) }),
    ...(sslcert !== undefined && { cert: read('sslcert', sslcert) }),
    ...(sslkey !== undefined && { key: read('sslkey', sslkey) }),
  }
  const anyName = { checkServerIdentity: () => undefined }
  switch (sslmode) {
    case undefined:
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

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`names a file in ${name} that cannot be read`, { cause: error })
  }
}
