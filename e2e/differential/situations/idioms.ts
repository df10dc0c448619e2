import type { AnyRequest, Handler, Situation } from '../situation.ts'

const DAY = 86_400_000

/** Values that a handler puts into its session; the next request shows what has become of them. */
const VALUES: readonly (readonly [title: string, value: () => unknown, differs?: string])[] = [
  ['a number', () => 1],
  ['a text', () => 'a'],
  ['a text of every plane', () => 'ä€😀\u2028\u0000'],
  ['half a surrogate pair', () => '\ud800'],
  ['true', () => true],
  ['null', () => null],
  ['undefined', () => undefined],
  ['an empty object', () => ({})],
  ['an empty list', () => []],
  ['a deep object', () => ({ a: { b: { c: [1, { d: 2 }] } } })],
  ['a date', () => new Date(0)],
  ['an invalid date', () => new Date(Number.NaN)],
  ['NaN', () => Number.NaN],
  ['Infinity', () => Number.POSITIVE_INFINITY],
  ['minus zero', () => -0],
  ['a large number', () => 1e300],
  ['a function', () => () => 1],
  ['a symbol', () => Symbol('s')],
  ['functions in an object', () => ({ f() {}, a: 1 })],
  ['what JSON drops, in a list', () => [undefined, () => 1, Symbol('s'), 1]],
  ['undefined in an object', () => ({ u: undefined, a: 1 })],
  [
    'an instance with methods',
    () =>
      new (class Basket {
        items = 1
        total() {
          return this.items
        }
      })(),
  ],
  ['an instance with toJSON', () => ({ secret: 1, toJSON: () => ({ shown: 1 }) })],
  ['toJSON that returns nothing', () => ({ toJSON: () => undefined })],
  ['a map', () => new Map([[1, 2]])],
  ['a set', () => new Set([1])],
  ['a buffer', () => Buffer.from('a')],
  ['a typed array', () => new Uint8Array([1, 2])],
  ['a boxed number', () => Object(1)],
  ['a boxed text', () => Object('a')],
  ['an error', () => new Error('e')],
  ['a regular expression', () => /a/],
  ['an object without a prototype', () => Object.assign(Object.create(null), { a: 1 })],
  [
    'a getter',
    () => ({
      get a() {
        return 1
      },
    }),
  ],
  ['a name of a prototype', () => JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}')],
  ['a sparse list', () => Object.assign([], { 0: 1, 2: 3 })],
  ['a long text', () => 'x'.repeat(50_000)],
  ['a list of a thousand', () => Array.from({ length: 1000 }, (_, index) => ({ index }))],
  ['60 levels', () => nested(60)],
  ['100 levels', () => nested(100), 'nesting has no limit'],
  ['more than 100 kB', () => 'x'.repeat(150_000), 'a session has no limit of size'],
  ['a BigInt', () => 1n, 'a failed save is passed to `next` after the response'],
  ['a circle', () => circle(), 'a failed save is passed to `next` after the response'],
]

const ALONE = 'a change of `cookie.maxAge` or `cookie.expires` alone is lost'

/** What a handler may do with a session that has `views` and `basket`. */
const CHANGES: Readonly<Record<string, Handler | readonly [Handler, differs: string]>> = {
  'set a field': (req) => answer(() => (req.session.views = 2)),
  'delete a field': (req) => answer(() => delete req.session.views),
  'set a field to what it is': (req) => answer(() => (req.session.views = 1)),
  'change a nested field': (req) => answer(() => (req.session.basket.eggs = 3)),
  'delete a nested field': (req) => answer(() => delete req.session.basket.eggs),
  'add to a list': (req) => answer(() => req.session.list.push(3)),
  'replace an object by a list': (req) => answer(() => (req.session.basket = [1])),
  'replace a list by an object': (req) => answer(() => (req.session.list = { a: 1 })),
  'Object.assign': (req) => answer(() => Object.assign(req.session, { views: 5, more: true })),
  'delete all fields': (req) =>
    answer(() => {
      for (const name of Object.keys(req.session)) if (name !== 'cookie') delete req.session[name]
    }),
  'JSON.stringify': (req) => ({ ...JSON.parse(JSON.stringify(req.session)), cookie: undefined }),
  'Object.keys': (req) => Object.keys(req.session).sort(),
  'for … in': (req) => {
    const names = []
    for (const name in req.session) if (Object.hasOwn(req.session, name)) names.push(name)
    return names.sort()
  },
  in: (req) => ['views' in req.session, 'none' in req.session],
  'a spread copy': (req) => Object.keys({ ...req.session }).sort(),
  'session.id is the id': (req) => ({ same: req.session.id === req.sessionID, type: typeof req.session.id }),
  'session.req': (req) => ({ same: req.session.req === req }),
  'the session knows its store': (req) => ({ get: typeof req.sessionStore.get, set: typeof req.sessionStore.set }),
  touch: (req) => ({ same: req.session.touch() === req.session }),
  resetMaxAge: (req) => ({ same: req.session.resetMaxAge() === req.session }),
  'save with a callback': (req) =>
    called((done) => {
      req.session.views = 2
      req.session.save(done)
    }),
  'save with a callback returns the session': [
    (req) => ({ same: req.session.save(() => {}) === req.session }),
    '`save(callback)` returns nothing',
  ],
  'save twice': async (req) => {
    await called((done) => req.session.save(done))
    req.session.views = 9
    return await called((done) => req.session.save(done))
  },
  'change after save': async (req) => {
    await called((done) => req.session.save(done))
    req.session.views = 9
    return {}
  },
  'reload with a callback': async (req) => {
    req.session.views = 99
    const done = await called((callback) => req.session.reload(callback))
    return { done, views: req.session.views }
  },
  'regenerate drops the data': async (req) => {
    const before = req.sessionID
    const done = await called((callback) => req.session.regenerate(callback))
    return { done, views: req.session.views, isNew: before !== req.sessionID, same: req.session.id === req.sessionID }
  },
  'regenerate, then set': async (req) => {
    await called((callback) => req.session.regenerate(callback))
    req.session.account = 'ada'
    return {}
  },
  'regenerate, then save': async (req) => {
    await called((callback) => req.session.regenerate(callback))
    req.session.account = 'ada'
    return await called((callback) => req.session.save(callback))
  },
  'regenerate twice': async (req) => {
    await called((callback) => req.session.regenerate(callback))
    await called((callback) => req.session.regenerate(callback))
    req.session.account = 'ada'
    return {}
  },
  'regenerate keeps nothing, the old session is gone': async (req) => {
    await called((callback) => req.session.regenerate(callback))
    return {}
  },
  'Passport: regenerate, merge, save': async (req) => {
    const previous = { ...req.session }
    await called((callback) => req.session.regenerate(callback))
    for (const [name, value] of Object.entries(previous)) if (name !== 'cookie') req.session[name] = value
    req.session.passport = { user: 'ada' }
    return await called((callback) => req.session.save(callback))
  },
  'connect-flash: a message is read once': (req) =>
    answer(() => {
      req.session.flash = { info: ['saved'] }
      const { info } = req.session.flash
      delete req.session.flash.info
      return info
    }),
  destroy: [
    async (req) => {
      const done = await called((callback) => req.session.destroy(callback))
      return { done, session: typeof req.session }
    },
    '`destroy()` leaves the cookie',
  ],
  'destroy without a callback': [(req) => answer(() => req.session.destroy()), '`destroy()` leaves the cookie'],
  'cookie.maxAge = an hour': [(req) => answer(() => (req.session.cookie.maxAge = 3_600_000)), ALONE],
  'cookie.maxAge = two days': [(req) => answer(() => (req.session.cookie.maxAge = 2 * DAY)), ALONE],
  'cookie.maxAge = null': [(req) => answer(() => (req.session.cookie.maxAge = null)), ALONE],
  'cookie.expires = false': [(req) => answer(() => (req.session.cookie.expires = false)), ALONE],
  'cookie.expires = null': [(req) => answer(() => (req.session.cookie.expires = null)), ALONE],
  'cookie.expires = a date': [
    (req) => answer(() => (req.session.cookie.expires = new Date(Date.now() + 2 * DAY))),
    ALONE,
  ],
  'cookie.maxAge and a change': (req) =>
    answer(() => {
      req.session.views = 7
      req.session.cookie.maxAge = 3_600_000
    }),
  'cookie.expires = false and a change': (req) =>
    answer(() => {
      req.session.views = 7
      req.session.cookie.expires = false
    }),
  'cookie.maxAge is what remains': (req) => ({ near: Math.abs(req.session.cookie.maxAge - DAY) < 5000 }),
  'cookie.originalMaxAge': (req) => ({ maxAgeS: Math.round(req.session.cookie.originalMaxAge / 1000) }),
  'cookie.toJSON': (req) => Object.keys(req.session.cookie.toJSON()).sort(),
  'req.session = null': (req) => answer(() => (req.session = null)),
  'req.session = undefined': (req) => answer(() => (req.session = undefined)),
  'delete req.session': (req) => answer(() => delete (req as Partial<AnyRequest>).session),
}

const EMPTY: Handler = (req) =>
  answer(() => Object.assign(req.session, { views: 1, basket: { eggs: 2 }, list: [1, 2] }))

export const IDIOM_SITUATIONS: readonly Situation[] = [
  ...VALUES.map(([what, value, differs]) => ({
    title: `a session with ${what}`,
    handlers: { set: (req: AnyRequest) => answer(() => (req.session.value = value())) },
    steps: ['/set', '/show', '/set', '/show'],
    ...(differs !== undefined && { differs }),
  })),
  ...Object.entries(CHANGES).map(([title, change]) => {
    const [handler, differs] = typeof change === 'function' ? [change] : change
    return {
      title,
      ...(title.startsWith('cookie.') && { options: { cookie: { maxAge: DAY } } }),
      handlers: { fill: EMPTY, change: handler },
      steps: ['/fill', '/change', '/show'],
      ...(differs !== undefined && { differs }),
    }
  }),
  ...['destroy', 'keep'].flatMap((unset) =>
    (['req.session = null', 'req.session = undefined', 'delete req.session'] as const).map((idiom) => ({
      title: `unset ${unset}: ${idiom}`,
      options: { unset },
      handlers: { fill: EMPTY, change: CHANGES[idiom] as Handler },
      steps: ['/fill', '/change', '/show'],
      ...(unset === 'destroy' && { differs: '`destroy()` leaves the cookie' }),
    })),
  ),
  {
    title: 'req.session = {}',
    handlers: { change: (req) => answer(() => (req.session = { views: 7 })) },
    steps: ['/begin', '/change', '/show'],
    differs: 'another object as `req.session` closes the connection',
  },
]

function answer(work: () => unknown): unknown {
  const result = work()
  return Array.isArray(result) ? result : {}
}

/** Whether the callback got an error. */
function called(work: (done: (error?: unknown) => void) => void): Promise<string> {
  return new Promise((resolve) => work((error) => resolve(error ? 'an error' : 'no error')))
}

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = { a: value }
  return value
}

function circle(): unknown {
  const value: { self?: unknown } = {}
  value.self = value
  return value
}
