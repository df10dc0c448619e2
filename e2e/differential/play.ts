import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { HANDLERS } from './handlers.ts'
import type { AnyRequest, Handler, Situation, Step } from './situation.ts'

/** One of the two that are compared. */
export interface Implementation {
  /** A new middleware with an empty store. Throws where an option is refused. */
  readonly create: (options: object) => Promise<RequestHandler>
  /** What the store holds: by session its data, its maxAge, and the seconds until it expires. */
  readonly rows: () => Promise<readonly StoredSession[]>
}

export interface StoredSession {
  readonly data: unknown
  readonly maxAge: unknown
  readonly expiresInS: number
}

/** What a client sees, step by step, and what is in the store at the end. */
export interface Transcript {
  readonly answers: readonly Answer[]
  readonly rows: readonly StoredSession[]
}

export interface Answer {
  readonly status: number | string
  readonly body: string
  readonly cookies: readonly string[]
  readonly expiresInS: readonly (number | undefined)[]
  readonly headers: Readonly<Record<string, string | null>>
}

export const SECRET = 'a secret of this test, long enough'
/** express-session leaves some requests without an answer, all of them intended differences. */
const NO_ANSWER_MS = { different: 1000, equal: 20_000 }
const NO_ANSWER = 'no answer'
const COMPARED_HEADERS = ['location', 'content-type', 'content-length', 'x-own']

export async function play(situation: Situation, implementation: Implementation): Promise<Transcript | string> {
  // Lax is our default; it is said, so that one situation alone differs by it.
  const { cookie = {}, ...options } = situation.options ?? {}
  const attributes = typeof cookie === 'object' ? { sameSite: 'lax', ...cookie } : cookie
  let middleware: RequestHandler
  try {
    const common = { secret: SECRET, resave: false, saveUninitialized: false }
    middleware = await implementation.create({ ...common, ...options, cookie: attributes })
  } catch (error) {
    return `refused: ${(error as Error).message}`
  }
  const server = createServer(createApp(situation, middleware)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const timeoutMs = NO_ANSWER_MS[situation.differs === undefined ? 'equal' : 'different']
    const client = createClient(`http://127.0.0.1:${port}`, timeoutMs)
    const answers: Answer[] = []
    for (const step of situation.steps) {
      answers.push(await client(typeof step === 'string' ? { path: step } : step))
      if (answers.at(-1)?.status === NO_ANSWER) break
    }
    // express-session may save after the response has arrived.
    await sleep(5)
    return { answers, rows: await implementation.rows() }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function createApp({ handlers = {}, trustProxy, mount, before }: Situation, middleware: RequestHandler): Express {
  const app = express().disable('etag').disable('x-powered-by')
  // Without it Express prints each error.
  app.set('env', 'test')
  if (trustProxy) app.set('trust proxy', true)
  if (before) app.use(before)
  if (mount) app.use(mount, middleware)
  else app.use(middleware)
  app.use(async (req, res) => {
    const name = req.path.slice(1)
    const handler: Handler | undefined = handlers[name] ?? HANDLERS[name]
    if (handler === undefined) throw new Error(`there is no handler ${name}`)
    const body = await handler(req as AnyRequest, res)
    if (body !== undefined) res.json(body)
  })
  app.use((error: Error, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) next(error)
    else res.status(500).send('an error')
  })
  return app
}

type Client = (step: Step) => Promise<Answer>

/** A browser with one cookie jar. Ids get numbers in the order in which they appear. */
function createClient(url: string, timeoutMs: number): Client {
  const jar = new Map<string, string>()
  const ids: string[] = []
  const numbered = (text: string) =>
    text.replace(/s%3A([^.;]+)\.[^;"]+|"sid:([^"]+)"/g, (_, signed?: string, plain?: string) => {
      const id = signed === undefined ? (plain ?? '') : decodeURIComponent(signed)
      if (!ids.includes(id)) ids.push(id)
      return `id${ids.indexOf(id)}`
    })
  return async ({ path, method = 'GET', cookie, headers = {} }) => {
    const own = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = typeof cookie === 'function' ? cookie(own) : cookie === undefined ? own : (cookie ?? '')
    const options = {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { ...headers, ...(sent !== '' && { cookie: sent }) },
    } as const
    try {
      const response = await fetch(url + path, options)
      const body = await response.text()
      const lines = response.headers.getSetCookie()
      for (const line of lines) keep(jar, line)
      return {
        status: response.status,
        body: numbered(body),
        cookies: lines.map((line) => attributesOf(numbered(line))),
        expiresInS: lines.map(expiresInS),
        headers: Object.fromEntries(COMPARED_HEADERS.map((name) => [name, response.headers.get(name)])),
      }
    } catch (error) {
      const isLate = (error as Error).name === 'TimeoutError'
      return { status: isLate ? NO_ANSWER : 'connection closed', body: '', cookies: [], expiresInS: [], headers: {} }
    }
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';')
  const [name = '', value = ''] = pair.split(/=(.*)/s)
  const expires = expiresInS(line)
  if (expires !== undefined && expires <= 0) jar.delete(name)
  else jar.set(name, value)
}

function expiresInS(line: string): number | undefined {
  const [, date] = /; Expires=([^;]+)/.exec(line) ?? []
  return date === undefined ? undefined : Math.round((Date.parse(date) - Date.now()) / 1000)
}

/** Without Expires, which is compared as a number, and Max-Age, which only ours has. */
function attributesOf(line: string): string {
  return line.replace(/; (Expires|Max-Age)=[^;]+/g, '')
}
