import assert from 'node:assert/strict'
import { test } from 'node:test'
import { returnTo } from './return-to.ts'

const ours: readonly (readonly [string, string])[] = [
  ['/', '/'],
  ['/basket', '/basket'],
  ['/orders/7?print=1#total', '/orders/7?print=1#total'],
  ['/shop/../basket', '/basket'],
  ['/search?q=50%25', '/search?q=50%25'],
  ['/account?next=https://evil.example', '/account?next=https://evil.example'],
  ['/käse', '/k%C3%A4se'],
]
for (const [next, path] of ours) test(`${next} is a path of this site`, () => assert.equal(returnTo(next), path))

const others: readonly unknown[] = [
  undefined,
  null,
  7,
  '',
  'basket',
  'https://evil.example',
  'https:evil.example',
  'javascript:alert(1)',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/%09//evil.example',
  '/%09/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/\n/evil.example',
  '/%0d%0aSet-Cookie:%20a=b',
  '/%2fevil.example',
  '/%2F%2Fevil.example',
  '/%5cevil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/.\\evil.example',
  '/basket\0',
  '/%00',
  '/%',
  '/%ff',
  ['/basket', '//evil.example'],
  { toString: () => '/basket' },
  `/${'a'.repeat(3000)}`,
  '/login',
  '/login?next=/login',
  '/register',
  '/logout',
]
for (const next of others)
  test(`${(JSON.stringify(next) ?? 'nothing').slice(0, 40)} is ignored`, () => assert.equal(returnTo(next), undefined))
