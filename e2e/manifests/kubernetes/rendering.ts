import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { repository } from '../../../cluster/replica-environment.ts'
import { parseYamlAll } from '../yaml.ts'
import type { KubernetesObject, Objects } from './objects.ts'

/** The folders that kustomize reads. */
const FOLDERS = ['k8s', 'nginx', 'observability']
/** The file that k8s/README.md makes before `apply`. */
const SECRET = 'SESSION_SECRET=0e2f0c4b6f2f4a0f9d1c7b3a5e8d6c41\nPGPASSWORD=7d8a1c\n'

/** Why rendering is impossible here; undefined where it is possible. */
export const kubectlMissing =
  spawnSync('kubectl', ['kustomize', '--help'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'kubectl is not installed: nothing was rendered'

export interface Rendering {
  /** `overlays/local`, `base with components/gateway` */
  readonly name: string
  readonly text: string
  readonly objects: Objects
}

/** The base, each component on it, and each overlay, as a cluster gets them. */
export function renderAll(): readonly Rendering[] {
  const folder = mkdtempSync(join(tmpdir(), 'roundhouse-k8s-'))
  const clear = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', clear)
  try {
    for (const name of FOLDERS) {
      const from = join(repository, name)
      if (existsSync(from)) cpSync(from, join(folder, name), { recursive: true })
    }
    writeFileSync(join(folder, 'k8s/overlays/local/secret.env'), SECRET)
    const components = names('components').map((name) => {
      putOnBase(folder, name)
      return render(`base with components/${name}`, join(folder, 'k8s/tried', name))
    })
    const overlays = names('overlays').map((name) => render(`overlays/${name}`, join(folder, 'k8s/overlays', name)))
    return [render('base', join(folder, 'k8s/base')), ...components, ...overlays]
  } finally {
    process.off('exit', clear)
    clear()
  }
}

function names(kind: 'components' | 'overlays'): readonly string[] {
  return readdirSync(join(repository, 'k8s', kind)).sort()
}

/** A component alone has nothing to change. `images` adds the missing images. */
function putOnBase(folder: string, component: string): void {
  const components = [...new Set([component, 'images'])].map((name) => `../../components/${name}`)
  const kustomization = { resources: ['../../base'], components }
  mkdirSync(join(folder, 'k8s/tried', component), { recursive: true })
  writeFileSync(join(folder, 'k8s/tried', component, 'kustomization.yaml'), JSON.stringify(kustomization))
}

function render(name: string, folder: string): Rendering {
  const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', maxBuffer: 50_000_000 })
  return { name, text, objects: parseYamlAll(text) as KubernetesObject[] }
}
