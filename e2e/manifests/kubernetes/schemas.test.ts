import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KubernetesObject, one } from './objects.ts'
import { kubectlMissing, renderAll } from './rendering.ts'
import { asLiterals, faultOf } from './schemas.ts'
import { typeErrors } from './types.ts'

const renderings = kubectlMissing === undefined ? renderAll() : []
const objects = distinct(renderings.flatMap((rendering) => rendering.objects))
const skip = kubectlMissing ?? false

test('the base, every component on it and every overlay render', { skip }, () => {
  assert.ok(renderings.length >= 8)
  for (const { name, objects } of renderings) {
    assert.ok(objects.length > 10, `${name} renders next to nothing`)
    const keys = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    assert.deepEqual(keys, [...new Set(keys)], `${name} has an object twice`)
  }
})

test('every object is valid by its schema', { skip }, async () => {
  for (const object of objects) assert.equal(await faultOf(object), undefined, `${object.kind} ${object.metadata.name}`)
})

test('every object, written as a literal of its type, passes tsc', { skip }, () => {
  assert.equal(typeErrors(asLiterals(objects)), '')
})

test('tsc finds a misspelt field that the schema accepts', { skip }, async () => {
  const misspelt: readonly [KubernetesObject, RegExp][] = [
    [
      withField('Deployment', 'app', ['spec', 'template', 'spec'], 'terminationGracePeriodSecond', 35),
      /terminationGracePeriodSecond/,
    ],
    [withField('Pooler', 'postgres-pooler', ['spec', 'pgbouncer'], 'poolmode', 'session'), /poolmode/],
    [withField('Cluster', 'postgres', ['spec', 'postgresql', 'synchronous'], 'numbers', 1), /numbers/],
    [withField('HTTPRoute', 'nginx', ['spec'], 'hostname', 'shop.example.com'), /hostname/],
    [withField('ServiceMonitor', 'app', ['spec'], 'endpoint', []), /endpoint/],
  ]
  const errors = typeErrors(asLiterals(misspelt.map(([object]) => object)))
  for (const [object, complaint] of misspelt) {
    assert.equal(await faultOf(object), undefined)
    assert.match(errors, complaint)
  }
})

test('the schema finds a wrong value, a missing field and a removed API', {
  skip,
}, async () => {
  const app = one(objects, 'Deployment', 'app')
  assert.match(
    String(await faultOf(withField('Deployment', 'app', ['spec'], 'minReadySeconds', 'two'))),
    /minReadySeconds/,
  )
  assert.match(String(await faultOf(withField('Cluster', 'postgres', ['spec'], 'instances', 'three'))), /instances/)
  assert.match(String(await faultOf(withField('Pooler', 'postgres-pooler', ['spec'], 'cluster', {}))), /name/)
  assert.match(String(await faultOf({ ...app, apiVersion: 'apps/v1beta3' })), /there is no Deployment in apps\/v1beta3/)
})

function withField(
  kind: 'Deployment' | 'Pooler' | 'Cluster' | 'HTTPRoute' | 'ServiceMonitor',
  name: string,
  path: readonly string[],
  field: string,
  value: unknown,
): KubernetesObject {
  const changed = structuredClone(one(objects, kind, name))
  const place = path.reduce<Record<string, unknown>>(
    (at, step) => at[step] as Record<string, unknown>,
    changed as unknown as Record<string, unknown>,
  )
  place[field] = value
  return changed
}

function distinct(all: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return [...new Map(all.map((object) => [JSON.stringify(object), object])).values()]
}
