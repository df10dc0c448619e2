import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { repository } from '../../../cluster/replica-environment.ts'

const CONFIG = {
  compilerOptions: { strict: true, noEmit: true, module: 'nodenext', target: 'esnext', skipLibCheck: true, types: [] },
  files: ['objects.ts'],
}

/** The compiler's output; empty without errors. */
export function typeErrors(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'roundhouse-types-'))
  const clear = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', clear)
  try {
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG))
    writeFileSync(join(folder, 'objects.ts'), source)
    const tsc = join(repository, 'node_modules/typescript/bin/tsc')
    const { stdout, stderr, error } = spawnSync(process.execPath, [tsc, '--pretty', 'false', '--project', folder], {
      encoding: 'utf8',
    })
    if (error !== undefined) throw error
    return stdout + stderr
  } finally {
    process.off('exit', clear)
    clear()
  }
}
