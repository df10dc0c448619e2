// Loaded before a command (node --import): plain JavaScript, since an older Node cannot read a TypeScript file at all.
import { readFileSync } from 'node:fs'
import process from 'node:process'

const { devDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const [wanted] = devDependencies.node.split('.')
const [actual] = process.versions.node.split('.')

if (actual !== wanted) {
  console.error(
    `This is Node ${process.versions.node}; Roundhouse is made for Node ${wanted}, which npm ci brings along.`,
  )
  console.error('After npm ci --ignore-scripts, npm rebuild node fetches it.')
  if (!process.features.typescript) process.exit(1)
}
