import { HANDLERS } from '../handlers.ts'
import type { Handler, Options, Situation } from '../situation.ts'

const DAY = 86_400_000
const STORY = ['/begin', '/cookie', '/show']
const HTTPS = { 'x-forwarded-proto': 'https' }

/** Options that both honour in the same way. */
const SAME: readonly (readonly [title: string, options: Options])[] = [
  ['no options', {}],
  ['a name', { name: 'shop.sid' }],
  ['several secrets', { secret: ['a new secret', 'an old secret'] }],
  ['a path', { cookie: { path: '/' } }],
  ['a path that does not fit', { cookie: { path: '/admin' } }],
  ['a domain', { cookie: { domain: '127.0.0.1' } }],
  ['httpOnly false', { cookie: { httpOnly: false } }],
  ['httpOnly true', { cookie: { httpOnly: true } }],
  ['secure over HTTP', { cookie: { secure: true } }],
  ['secure auto over HTTP', { cookie: { secure: 'auto' } }],
  ['sameSite strict', { cookie: { sameSite: 'strict' } }],
  ['sameSite none', { cookie: { sameSite: 'none' } }],
  ['sameSite true', { cookie: { sameSite: true } }],
  ['sameSite false', { cookie: { sameSite: false } }],
  ['sameSite auto over HTTP', { cookie: { sameSite: 'auto' } }],
  ['maxAge null', { cookie: { maxAge: null } }],
  ['maxAge of a minute', { cookie: { maxAge: 60_000 } }],
  ['maxAge of a day', { cookie: { maxAge: DAY } }],
  ['maxAge of 30 days', { cookie: { maxAge: 30 * DAY } }],
  ['maxAge of 500 days', { cookie: { maxAge: 500 * DAY } }],
  ['expires false', { cookie: { expires: false } }],
  ['expires null', { cookie: { expires: null } }],
  ['expires at a date', { cookie: { expires: new Date(Date.now() + DAY) } }],
  ['partitioned', { cookie: { partitioned: true } }],
  ['priority low', { cookie: { priority: 'low' } }],
  ['priority high', { cookie: { priority: 'high' } }],
  [
    'a function that makes the attributes',
    { cookie: () => ({ sameSite: 'strict', maxAge: 60_000, domain: '127.0.0.1' }) },
  ],
  ['rolling false', { rolling: false }],
  ['rolling true', { rolling: true, cookie: { maxAge: DAY } }],
  ['rolling true until the browser closes', { rolling: true }],
  ['saveUninitialized false', { saveUninitialized: false }],
  ['resave false', { resave: false }],
  ['unset keep', { unset: 'keep' }],
  ['unset destroy', { unset: 'destroy' }],
  ['proxy false', { proxy: false }],
  ['proxy true', { proxy: true }],
  ['ttl', { ttl: 3600 }],
  ['ttl beside a maxAge', { ttl: 3600, cookie: { maxAge: DAY } }],
  ['disableTouch', { disableTouch: true }],
]

const PROXIES: readonly (readonly [title: string, options: Options, header: string, trustProxy: boolean])[] = [
  ['secure, proxy true, HTTPS in front', { proxy: true, cookie: { secure: true } }, 'https', false],
  ['secure, proxy true, HTTP in front', { proxy: true, cookie: { secure: true } }, 'http', false],
  [
    'secure, proxy true, a list that begins with HTTPS',
    { proxy: true, cookie: { secure: true } },
    'https, http',
    false,
  ],
  ['secure, proxy true, a list that begins with HTTP', { proxy: true, cookie: { secure: true } }, 'http, https', false],
  ['secure, proxy true, capitals', { proxy: true, cookie: { secure: true } }, 'HTTPS', false],
  ['secure, proxy false, HTTPS in front', { proxy: false, cookie: { secure: true } }, 'https', true],
  ['secure, Express trusts the proxy', { cookie: { secure: true } }, 'https', true],
  ['secure, Express does not trust the proxy', { cookie: { secure: true } }, 'https', false],
  ['secure auto, Express trusts the proxy', { cookie: { secure: 'auto' } }, 'https', true],
  ['secure auto, Express does not trust the proxy', { cookie: { secure: 'auto' } }, 'https', false],
  ['sameSite auto, Express trusts the proxy', { cookie: { sameSite: 'auto' } }, 'https', true],
]

const VISITOR = ['/nothing', '/nothing', '/show']

export const OPTION_SITUATIONS: readonly Situation[] = [
  ...SAME.map(([title, options]) => ({ title, options, steps: STORY })),
  ...PROXIES.map(([title, options, proto, trustProxy]) => ({
    title,
    options,
    trustProxy,
    steps: STORY.map((path) => ({ path, headers: { 'x-forwarded-proto': proto } })),
  })),
  { title: 'a visitor without data', steps: VISITOR },
  { title: 'saveUninitialized true: a visitor without data', options: { saveUninitialized: true }, steps: VISITOR },
  {
    title: 'saveUninitialized true with a maxAge',
    options: { saveUninitialized: true, cookie: { maxAge: DAY } },
    steps: VISITOR,
  },
  {
    title: 'rolling true: a visitor without data',
    options: { rolling: true, cookie: { maxAge: DAY } },
    steps: VISITOR,
  },
  {
    title: 'genid with the request',
    options: { genid: (req: { url: string }) => `made-for-${req.url.slice(1)}-${Math.random()}` },
    handlers: { isOwn: (req) => ({ isOwn: String(req.sessionID).startsWith('made-for-begin') }) },
    steps: ['/begin', '/isOwn', '/count'],
  },
  {
    title: 'genid that throws',
    options: {
      genid() {
        throw new Error('no id')
      },
    },
    steps: ['/begin'],
  },
  {
    title: 'genid that returns no text',
    options: { genid: () => undefined },
    steps: ['/begin'],
    differs: 'an id that `genid` returns is not checked',
  },
  {
    title: 'no secret',
    options: { secret: undefined },
    steps: ['/begin'],
    differs: 'an empty `secret` fails each request',
  },
  {
    title: 'an empty secret',
    options: { secret: '' },
    steps: ['/begin'],
    differs: 'an empty `secret` fails each request',
  },
  {
    title: 'no secret of a list',
    options: { secret: [] },
    steps: ['/begin'],
    differs: 'an empty `secret` fails each request',
  },
  { title: 'resave true', options: { resave: true }, steps: STORY, differs: '`resave: true`' },
  {
    title: 'saveUninitialized left out',
    options: { saveUninitialized: undefined },
    steps: VISITOR,
    differs: '`resave` and `saveUninitialized` default to `true`',
  },
  {
    title: 'an unknown option',
    options: { saveUnitialized: true },
    steps: STORY,
    differs: 'unknown options are ignored',
  },
  { title: 'a wrong unset', options: { unset: 'remove' }, steps: STORY, differs: 'unknown options are ignored' },
  {
    title: 'the default of sameSite',
    options: { cookie: { sameSite: undefined } },
    steps: STORY,
    differs: 'no `SameSite`',
  },
  {
    title: 'maxAge as a text',
    options: { cookie: { maxAge: '60000' } },
    steps: STORY,
    differs: 'an invalid `expires` or `maxAge` is an error of the response',
  },
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, 0].map((maxAge) => ({
    title: `maxAge ${maxAge}`,
    options: { cookie: { maxAge } },
    steps: STORY,
    differs: 'an invalid `expires` or `maxAge` is an error of the response',
  })),
  {
    title: 'expires in the past',
    options: { cookie: { expires: new Date(0) } },
    steps: STORY,
  },
  {
    title: 'mounted on a path',
    mount: '/shop',
    handlers: { 'shop/begin': HANDLERS.begin as Handler },
    steps: ['/shop/begin'],
  },
  {
    title: 'a path of the cookie that fits',
    options: { cookie: { path: '/shop' } },
    handlers: {
      'shop/begin'(req) {
        req.session.views = 1
        return {}
      },
      other: (req) => ({ session: typeof req.session }),
    },
    steps: ['/shop/begin', '/other'],
  },
  {
    title: 'an old secret still verifies',
    options: { secret: ['a new secret', 'a secret of this test, long enough'] },
    steps: ['/begin', '/count', '/show'],
  },
  {
    title: 'the trusted proxy changes',
    trustProxy: true,
    options: { cookie: { secure: 'auto', maxAge: DAY } },
    steps: [{ path: '/begin', headers: HTTPS }, '/count'],
  },
  {
    title: 'a change renews the cookie',
    options: { cookie: { maxAge: DAY } },
    steps: ['/begin', '/count', '/count'],
    differs: '`rolling: false` renews the cookie if the session was changed',
  },
  {
    title: 'the attributes are changed in a handler',
    handlers: {
      change(req) {
        Object.assign(req.session.cookie, { path: '/shop', sameSite: 'strict' })
        req.session.views = 2
        return {}
      },
    },
    steps: ['/begin', '/change', '/cookie'],
    differs: 'the attributes in the row count',
  },
]
