import { watch } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { repository } from '../replica-environment.ts'

const loaded = new Set(['.ts', '.ejs', '.css', '.js', '.json', '.sql', '.svg', '.txt', '.ico'])
/** An editor writes in several steps, and a change of branch changes many files. */
const quiet = 200

/** Debounced. Ignores tests. */
export function watchSources(changed: (files: readonly string[]) => void): void {
  const folder = join(repository, 'src')
  const files = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || !loaded.has(extname(name)) || name.endsWith('.test.ts')) return
    files.add(relative(repository, join(folder, name)))
    clearTimeout(timer)
    timer = setTimeout(() => {
      const all = [...files]
      files.clear()
      changed(all)
    }, quiet)
  })
}
