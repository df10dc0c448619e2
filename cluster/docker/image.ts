import process from 'node:process'
import { docker } from './docker.ts'

/** The image of E2E_IMAGE, else a new build. */
export async function provideImage(): Promise<string> {
  const given = process.env.E2E_IMAGE
  if (given) return given
  const tag = 'roundhouse:e2e'
  await docker(['build', '--quiet', '--tag', tag, '.'], { timeoutMs: 590_000 })
  return tag
}
