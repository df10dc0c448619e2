import { join } from 'node:path'
import { buildPackage } from './build.ts'

const { path, files, packedBytes } = await buildPackage(join(import.meta.dirname, '..', '.data', 'package'))
for (const file of files) console.log(file)
console.log(`\n${files.length} files, ${(packedBytes / 1000).toFixed(1)} kB packed: ${path}`)
