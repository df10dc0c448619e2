import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalise, passwordError } from './password-policy.ts'

const ada = { email: 'ada.byron@lovelace.example', name: 'Ada King', site: ['roundhouse'] }

const welcome: readonly string[] = [
  'purple mouse under bed',
  'blue kettle sings',
  'onlysmallletters-and-no-digits',
  '8402917365',
  'Tr0ub4dor&3xyz',
  'пёс любит овсянку утром',
  '🐎🔋📎🧷🐎🔋📎🧷🧵🧶🪡🪢',
  'the canada goose flew kingwards', // holds "ada" and "king", and enough beside them
  'we met at the roundhouse in march',
  'x'.repeat(0) + 'kettle sings blue '.repeat(7).trim(),
].filter((password) => [...password].length >= 12)

for (const password of welcome)
  test(`"${password.slice(0, 32)}" is accepted`, () => assert.equal(passwordError(password, ada), undefined))

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /too short: 12/],
  ['elevenchars', /too short/],
  ['🐎'.repeat(6), /too short/], // twelve UTF-16 units are six characters
  [`${'blue kettle sings '.repeat(7)}xyz`, /too long: 128/],
  ['blue\0kettle sings', /cannot be typed/],
  ['blue\nkettle sings', /cannot be typed/],
  ['blue\u009bkettle sings', /cannot be typed/],
  ['blue kettle \ud800 sings', /cannot be typed/],
  ['password1234', /guessed first/],
  ['PassWord123456', /guessed first/],
  ['p a s s w o r d 1 2', /guessed first/],
  ['ｐａｓｓｗｏｒｄ１２３４', /guessed first/],
  ['qwertyuiop12', /guessed first/],
  ['1qaz2wsx3edc', /guessed first/],
  ['123456789012', /guessed first/],
  ['poiuytrewqpo', /guessed first/],
  ['abcdefghijkl', /guessed first/],
  ['aaaaaaaaaaaaa', /guessed first/],
  ['hello1hello1hello1', /guessed first/],
  ['jennifer#2019', /guessed first/],
  ['iloveyou!!!!', /guessed first/],
  ['passwordpassword', /guessed first/],
  ['adminpassword1', /guessed first/],
  ['correct horse battery staple', /guessed first/],
  ['Roundhouse-2026!', /site's own words/],
  ['round-house-1234', /site's own words/],
  ['roundhouseroundhouse', /site's own words/],
  ['roundhousepassword1234', /site's own words/],
  ['ada.byron@lovelace.example', /address/],
  ['Lovelace-2026-x', /address/],
  ['Ada-King-ada-1815', /address|name/],
  ['roundhouse-king-77', /words/],
]

for (const [password, reason] of refused)
  test(`${JSON.stringify(password).slice(0, 36)} is refused with the reason`, () =>
    assert.match(passwordError(password, ada) ?? 'welcome', reason))

test('a user without a name, or with a very short one, can choose a password', () => {
  assert.equal(passwordError('blue kettle sings', { email: '', name: '', site: [] }), undefined)
  assert.equal(passwordError('blue kettle sings', { email: 'b@e.x', name: 'B E', site: ['e'] }), undefined)
})

test('the length counts characters after normalisation', () => {
  assert.equal(passwordError('🐎🔋📎🧷🐶🐱🦊🐻🐼🐨🐯🦁', ada), undefined)
  assert.match(passwordError('e\u0301'.repeat(6), ada) ?? '', /too short/)
})

test('a password in two Unicode forms is one password', () => {
  assert.equal(normalise('cafe\u0301'), normalise('caf\u00e9'))
  assert.equal(normalise('ｋｅｔｔｌｅ'), 'kettle')
  assert.notEqual(normalise('Kettle '), normalise('kettle'))
})
