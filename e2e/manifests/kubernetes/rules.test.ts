import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { repository } from '../../../cluster/replica-environment.ts'
import { BREAKS, type Break } from './broken-manifests.ts'
import { type Objects, one, unhashed } from './objects.ts'
import { kubectlMissing, renderAll } from './rendering.ts'
import { type Promised, RULES } from './rules.ts'

const renderings = kubectlMissing === undefined ? renderAll() : []
const skip = kubectlMissing ?? false
const promises = Object.keys(RULES) as Promised[]

for (const promise of promises)
  test(promise, { skip }, () => {
    // The base alone has no images.
    for (const { name, objects } of renderings.filter(({ name }) => name !== 'base'))
      assert.deepEqual(RULES[promise](objects), [], name)
  })

for (const promise of promises)
  test(`the check fails where it is broken: ${promise}`, { skip }, () => {
    assert.ok(BREAKS[promise].length > 0)
    for (const change of BREAKS[promise])
      for (const objects of overlaysWith(change))
        assert.notDeepEqual(RULES[promise](changed(objects, change)), [], `not noticed: ${JSON.stringify(change)}`)
  })

test('nginx/kustomization.yaml names every file that nginx reads', { skip }, () => {
  const folder = join(repository, 'nginx')
  const { objects } = renderings.find(({ name }) => name === 'overlays/production') ?? assert.fail()
  const held = (name: string) => one(objects, 'ConfigMap', name).data
  assert.deepEqual(Object.keys(held('nginx-templates') ?? {}).sort(), readdirSync(join(folder, 'templates')).sort())
  assert.deepEqual(Object.keys(held('nginx-errors') ?? {}).sort(), readdirSync(join(folder, 'errors')).sort())
  assert.equal(held('nginx')?.['start.sh'], readFileSync(join(folder, 'start.sh'), 'utf8'))
})

test('the only rendered Secret is generated, and the README says how to make the other', { skip }, () => {
  const secrets = renderings.flatMap(({ name, objects }) =>
    objects.filter(({ kind }) => kind === 'Secret').map(() => name),
  )
  assert.deepEqual(secrets, ['overlays/local'])
  const readme = readFileSync(join(repository, 'k8s/README.md'), 'utf8')
  assert.match(readme, /create secret generic roundhouse .*SESSION_SECRET/)
})

function overlaysWith([kind, name]: Break): readonly Objects[] {
  const having = renderings
    .filter((rendering) => rendering.name.startsWith('overlays/'))
    .map(({ objects }) => objects)
    .filter((objects) => objects.some((object) => is(object, kind, name)))
  assert.ok(having.length > 0, `no overlay has a ${kind} ${name}`)
  return having
}

function changed(objects: Objects, [kind, name, path, value]: Break): Objects {
  const copy = structuredClone(objects)
  const steps = path.split(' ')
  let place: unknown = copy.find((object) => is(object, kind, name))
  for (const step of steps.slice(0, -1)) place = inside(place, step)
  const last = steps.at(-1) ?? ''
  if (value !== undefined) (place as Record<string, unknown>)[last] = value
  else if (Array.isArray(place)) place.splice(Number(last), 1)
  else assert.ok(Reflect.deleteProperty(Object(place), last))
  assert.notDeepEqual(copy, objects, `${path} is no field of ${kind} ${name}`)
  return copy
}

function inside(place: unknown, step: string): unknown {
  const found = Array.isArray(place) && !/^\d+$/.test(step) ? place.findIndex(({ name }) => name === step) : step
  return (place as Record<string, unknown>)[found]
}

function is({ kind, metadata }: Objects[number], asked: string, name: string): boolean {
  return kind === asked && unhashed(metadata.name) === name
}
