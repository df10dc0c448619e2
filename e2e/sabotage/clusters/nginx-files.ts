import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exchange } from '../exchange.ts'

/** Changes one of nginx's files as a cluster writes it; throws where the pattern does not match. */
export async function changeFile(name: string, pattern: RegExp, text: string): Promise<void> {
  await exchange<typeof import('../../../cluster/nginx/nginx-files.ts')>(
    'cluster/nginx/nginx-files.ts',
    ({ writeFiles }) => ({
      writeFiles(...args: Parameters<typeof writeFiles>) {
        writeFiles(...args)
        const file = join(args[0].folder, name)
        const before = readFileSync(file, 'utf8')
        if (!pattern.test(before)) throw new Error(`${name} has no ${pattern}`)
        writeFileSync(file, before.replace(pattern, text))
      },
    }),
  )
}
