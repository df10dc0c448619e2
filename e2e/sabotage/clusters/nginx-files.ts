import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exchange } from '../exchange.ts'

/** Changes one of nginx's files as it is written for a cluster. Throws where there is nothing to change: the sabotage would be none. */
export async function changeFile(name: string, pattern: RegExp, text: string): Promise<void> {
  await exchange<typeof import('../../../cluster/nginx/nginx-files.ts')>(
    'cluster/nginx/nginx-files.ts',
    ({ writeFiles }) => ({
      writeFiles(...given: Parameters<typeof writeFiles>) {
        writeFiles(...given)
        const file = join(given[0].folder, name)
        const before = readFileSync(file, 'utf8')
        if (!pattern.test(before)) throw new Error(`${name} has no ${pattern}`)
        writeFileSync(file, before.replace(pattern, text))
      },
    }),
  )
}
