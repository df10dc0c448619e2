import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emailField, emailKey, isEmail } from './email.ts'

const good = [
  'ada@example.com',
  'a.b+c@sub.example.co',
  "o'neil@example.com",
  'ådä@exämple.se',
  '用户@例子.公司',
  'root@localhost',
]
const bad = [
  '',
  'ada',
  '@example.com',
  'ada@',
  'ada@@example.com',
  'a@b@example.com',
  'ada@example..com',
  'ada@-example.com',
  'ada byron@example.com',
  'ada\u00a0b@example.com',
  'ada\0@example.com',
  'ada\r\nBcc: x@example.com',
  'ada\u200b@example.com',
  'ada\u202e@example.com',
  'ada\u3164@example.com',
  'ada\u2800@example.com',
  'ada\ud800@example.com',
  'Ada <ada@example.com>',
  'ada@example.com,bea@example.com',
  `${'a'.repeat(65)}@example.com`,
  `ada@${'a'.repeat(251)}`,
  `${'a'.repeat(10_000)}@example.com`,
]

for (const email of good) test(`${email} is accepted as an address`, () => assert.equal(isEmail(email), true))
for (const email of bad)
  test(`${JSON.stringify(email).slice(0, 40)} is refused as an address`, () => assert.equal(isEmail(email), false))

test("the field's error says what is wrong", () => {
  const complaint = (value: unknown) => emailField().safeParse(value).error?.issues[0]?.message
  assert.equal(complaint(' ada@example.com '), undefined)
  assert.match(complaint(undefined) ?? '', /missing/)
  assert.match(complaint('  ') ?? '', /missing/)
  assert.match(complaint(['ada@example.com']) ?? '', /one text/)
  assert.match(complaint({ a: 1 }) ?? '', /one text/)
  assert.match(complaint(`${'a'.repeat(10_000)}@example.com`) ?? '', /too long/)
  assert.match(complaint('ada') ?? '', /looks like/)
})

test('a Unicode domain and its Punycode are one address', () => {
  assert.equal(emailKey('Ada@Bücher.example'), emailKey('ada@xn--bcher-kva.example'))
  assert.equal(emailKey('ada@faß.example'), emailKey('ada@xn--fa-hia.example'))
  assert.notEqual(emailKey('ada@bucher.example'), emailKey('ada@bücher.example'))
})

test('addresses are compared without case and Unicode form', () => {
  assert.equal(emailKey('Ada@Example.COM'), emailKey(' ada@example.com'))
  assert.equal(emailKey('CAFE\u0301@example.com'), emailKey('caf\u00e9@example.com'))
})
