import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from './containers.ts'
import { dockerLogs } from './docker.ts'

/** Saves a container's log: removing the container deletes it. */
export async function keepLogs({ id, name, service }: Container, folder: string, since: string): Promise<void> {
  const { stdout, stderr } = await dockerLogs(id, since)
  const keep = (file: string, text: string) => writeFileSync(join(folder, `${file}.log`), text, { mode: 0o600 })
  if (service !== 'nginx') return keep(service === 'app' ? name : service, stdout + stderr)
  // Requests, and errors.
  keep('access', stdout)
  keep('error', stderr)
}
