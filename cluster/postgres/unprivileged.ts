import { execFileSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import process from 'node:process'

/** How to run a program that refuses root. */
export interface Unprivileged {
  /** Words before the command. */
  readonly prefix: readonly string[]
  /** Changes a folder's owner to the program's user. */
  give(path: string): void
  /** A remark for the user. */
  readonly note?: string
}

/**
 * As an ordinary user: nothing. As root: a user namespace that maps root to `nobody` (a user that
 * exists everywhere, which initdb needs); files stay root's. Where that is not permitted, as in a
 * default container: as `nobody`, with the capability to pass through private folders such as
 * /root.
 */
export function unprivileged(): Unprivileged {
  if (process.getuid?.() !== 0) return { prefix: [], give: () => undefined }
  const { uid, gid } = nobody()
  const namespace = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`]
  if (works(namespace)) return { prefix: namespace, give: () => undefined }
  const rights = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override']
  const person = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...rights]
  if (works(person)) return { prefix: person, give: (path) => chownSync(path, uid, gid), note: 'as user nobody' }
  throw new Error(
    'Postgres refuses to run as root, and neither unshare nor setpriv works here: use an ordinary user, or set DATABASE_URL',
  )
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function works(prefix: readonly string[]): boolean {
  try {
    execFileSync(prefix[0] ?? '', [...prefix.slice(1), 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
