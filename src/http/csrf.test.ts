import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameOrigin, type RequestOrigin } from './csrf.ts'

const post: RequestOrigin = { method: 'POST', secFetchSite: undefined, origin: undefined, host: 'shop.example' }

const cases: readonly [string, Partial<RequestOrigin>, boolean][] = [
  ['a page may be read from anywhere', { method: 'GET', secFetchSite: 'cross-site' }, true],
  ['a form of this site is taken', { secFetchSite: 'same-origin' }, true],
  ['an address that the user typed is accepted', { secFetchSite: 'none' }, true],
  ["another site's form is refused", { secFetchSite: 'cross-site' }, false],
  ["a sibling domain's form is refused", { secFetchSite: 'same-site' }, false],
  [
    'what a browser says of the source outweighs a fitting origin',
    { secFetchSite: 'cross-site', origin: 'https://shop.example' },
    false,
  ],
  ["an older browser's own origin is taken", { origin: 'https://shop.example' }, true],
  ['the host is compared without regard to case', { origin: 'https://shop.example', host: 'SHOP.example' }, true],
  ["an older browser's other origin is refused", { origin: 'https://evil.example' }, false],
  ['another port is another origin', { origin: 'https://shop.example:8443' }, false],
  ['the default port of https is no other origin', { origin: 'https://shop.example', host: 'shop.example:443' }, true],
  ['the default port of http is no other origin', { origin: 'http://shop.example', host: 'shop.example:80' }, true],
  ['a default port in the origin is none', { origin: 'https://shop.example:443' }, true],
  [
    'the default port of the other scheme is another origin',
    { origin: 'http://shop.example', host: 'shop.example:443' },
    false,
  ],
  ['a host that cannot be read is refused', { origin: 'https://shop.example', host: 'shop.example:x' }, false],
  ['an opaque origin is refused', { origin: 'null' }, false],
  ['what sends neither is no browser', {}, true],
]

for (const [promise, source, allowed] of cases)
  test(promise, () => assert.equal(isSameOrigin({ ...post, ...source }), allowed))
