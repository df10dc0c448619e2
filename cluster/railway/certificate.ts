import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tls from 'node:tls'
import { capture } from '../processes/processes.ts'

/** PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** For 127.0.0.1 and localhost, valid for a week. Kept in the folder, made with `openssl`. */
export async function keptCertificate(folder: string): Promise<Certificate> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  if (!existsSync(cert)) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost'
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '7']
    const args = ['req', '-x509', ...kind, '-subj', '/CN=localhost', '-addext', names, '-keyout', key, '-out', cert]
    await capture('openssl', args, { env: process.env })
  }
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}

/** All clients of this process trust it from now on. */
export function trust({ cert }: Certificate): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), cert])
}
