/** A malformed or hostile body, and the response that it must get. */
export interface BadBody {
  readonly what: string
  readonly path: string
  /** The content type; empty: no header. */
  readonly type: string
  readonly body: string
  readonly status: readonly number[]
  /** The reason that the response gives. */
  readonly says: RegExp
}

/** A form as a browser encodes it. */
export function form(fields: object): string {
  return new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString()
}

const FORM = 'application/x-www-form-urlencoded'
const JSON_BODY = 'application/json'
const NUL = '\u0000'
const GOOD = { name: 'Vic', email: 'vic@example.com', password: 'a lantern over deep water' }
const LONG = `${'a'.repeat(10_000)}@example.com`
const ODD_QUANTITIES = ['-1', '100', '1.5', '1e1', '0x1', 'NaN', 'Infinity', 'two', '99999999999999999999']

type BodyFor = (what: string, body: string, says: RegExp, status?: number) => BadBody

const bad = (what: string, path: string, type: string, body: string, status: number[], says: RegExp): BadBody => {
  return { what, path, type, body, status, says }
}
const login: BodyFor = (what, body, says, status = 400) => bad(what, '/login', FORM, body, [status], says)
const jsonLogin: BodyFor = (what, body, says, status = 400) => bad(what, '/login', JSON_BODY, body, [status], says)
const typedLogin = (what: string, type: string, body: string, says = /type/i) =>
  bad(what, '/login', type, body, [415], says)
const registration = (what: string, change: object, says: RegExp) =>
  bad(what, '/register', FORM, form({ ...GOOD, ...change }), [400], says)
const jsonRegistration = (what: string, change: object, says: RegExp) =>
  bad(what, '/register', JSON_BODY, JSON.stringify({ ...GOOD, ...change }), [400], says)
const item = (what: string, body: string, says = /product/i) => bad(what, '/basket/items', FORM, body, [400, 404], says)

export const BAD_BODIES: readonly BadBody[] = [
  jsonLogin('malformed JSON', '{"email":', /json/i),
  jsonLogin('JSON that is a text', '"email"', /json|missing/i),
  jsonLogin('JSON that is null', 'null', /json|missing/i),
  jsonLogin('JSON that is a list', '[1,2]', /json|missing/i),
  jsonLogin('JSON nested deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /json|missing/i),
  jsonLogin('JSON over the limit', `"${'a'.repeat(200_000)}"`, /large/i, 413),
  jsonLogin('JSON far over the limit', `"${'a'.repeat(3_000_000)}"`, /large/i, 413),
  jsonLogin('an e-mail list in JSON', '{"email":["a"],"password":"x"}', /e-?mail/i),
  jsonLogin('a password object', '{"email":"ada@example.com","password":{"a":1}}', /password/i),
  jsonLogin('a __proto__ and nothing else', '{"__proto__":{"email":"ada@example.com","password":"x"}}', /e-?mail/i),
  typedLogin('plain text', 'text/plain', 'email=a'),
  typedLogin('XML', 'application/xml', '<email/>'),
  typedLogin('a form with files', 'multipart/form-data; boundary=x', '--x--'),
  typedLogin('no content type', '', 'email=a'),
  typedLogin('an unknown charset', `${JSON_BODY}; charset=klingon`, '{}', /charset|utf-8/i),
  login('a body that is empty', '', /missing/i),
  login('a form over the limit', `email=${'a'.repeat(200_000)}`, /large/i, 413),
  bad('too many fields', '/login', FORM, 'a=1&'.repeat(3000), [400, 413], /many|large/i),
  login('an e-mail list in a form', 'email[]=a@example.com&password=x', /e-?mail/i),
  login('an e-mail field twice', 'email=a@example.com&email=b@example.com&password=x', /e-?mail/i),
  bad('a long address', '/login', FORM, form({ email: LONG, password: 'x' }), [400, 401], /e-?mail|address/i),
  login('a NUL in an address', form({ email: `a${NUL}@example.com`, password: 'x' }), /e-?mail/i),
  bad('a broken escape in a form', '/login', FORM, 'email=%ZZ&password=%', [400, 401], /e-?mail|escape|malformed/i),
  registration('a long address for a new account', { email: LONG }, /e-?mail/i),
  registration('a NUL in a new address', { email: `a${NUL}@example.com` }, /e-?mail/i),
  registration('a long name', { name: 'n'.repeat(10_000) }, /name/i),
  registration('a NUL in a name', { name: `Vic${NUL}tor` }, /name/i),
  registration('a long password', { password: 'p'.repeat(10_000) }, /password/i),
  registration('a NUL in a password', { password: `a lantern${NUL} over deep water` }, /password/i),
  jsonRegistration('an e-mail object', { email: { $gt: '' } }, /e-?mail/i),
  jsonRegistration('a name that is a number', { name: 7 }, /name/i),
  jsonRegistration('half a surrogate pair in a name', { name: 'Vic\ud800' }, /name/i),
  jsonRegistration('half a surrogate pair in an address', { email: 'vic\ud800@example.com' }, /e-?mail/i),
  item('a product list', 'product[]=1&quantity=1'),
  item('a NUL in a product', form({ product: `1${NUL}`, quantity: 1 })),
  item('the product __proto__', form({ product: '__proto__', quantity: 1 })),
  item('the product constructor', form({ product: 'constructor', quantity: 1 })),
  item('no quantity', 'product=1', /quantity|product|how many/i),
  ...ODD_QUANTITIES.map((quantity) =>
    item(`the quantity ${quantity}`, form({ product: '1', quantity }), /quantity|product|how many/i),
  ),
]
