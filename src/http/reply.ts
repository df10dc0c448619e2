import type { Request, Response } from 'express'

/** `user` is null for a visitor. */
export interface RequestContext<User> {
  readonly req: Request
  readonly res: Response
  readonly user: User | null
}

export interface Reply {
  /** Default 200. */
  readonly status?: number
  /** The page: a path below src/ such as `accounts/pages/sign-in`. */
  readonly view: string
  readonly data?: object
  readonly json: object
}

type RequestAndResponse = Pick<RequestContext<unknown>, 'req' | 'res'>

/** Content negotiation by RFC 9110, and RFC 6839 for `+json`. */
export function wantsJson(req: Request): boolean {
  const ranges = (req.get('accept') ?? '').split(',').map((range) => range.replace(/;\s*q=.*$/i, '').trim())
  const preferred = req.accepts(['html', 'json', ...ranges.filter((range) => JSON_TYPE.test(range))])
  return preferred !== false && preferred !== 'html'
}

/** With parameters: `application/json;charset=utf-8` is another range than `application/json`. */
const JSON_TYPE = /^application\/([^\s;]+\+)?json\s*(;|$)/i

/** A page, or JSON where the client prefers it. */
export function reply({ req, res }: RequestAndResponse, { status = 200, view, data = {}, json }: Reply): void {
  res.status(status).vary('Accept')
  if (wantsJson(req)) res.json(json)
  else res.render(view, data)
}

/** A browser gets a 303, a program `status` (200) and `json`, or 204 without `json`. */
export function seeOther(
  { req, res }: RequestAndResponse,
  location: string,
  forPrograms: { status?: number; json?: object } = {},
): void {
  res.vary('Accept')
  if (!wantsJson(req)) res.redirect(303, location)
  else if (forPrograms.json === undefined) res.status(forPrograms.status ?? 204).end()
  else res.status(forPrograms.status ?? 200).json(forPrograms.json)
}

export interface InvalidForm {
  readonly status: number
  /** One sentence for the user. Also the `detail` of the problem. */
  readonly message: string
  readonly fields?: Readonly<Record<string, string>>
  readonly view: string
  readonly data?: object
}

/** Shows the form again with an error beside each field. A program gets an RFC 9457 problem. */
export function renderInvalid(
  { req, res }: RequestAndResponse,
  { status, message, fields = {}, view, data = {} }: InvalidForm,
): void {
  res.status(status).vary('Accept')
  if (wantsJson(req)) problem(res, { status, detail: message, errors: fields })
  else res.render(view, { ...data, message, fields })
}

export interface Problem {
  readonly status: number
  readonly title?: string
  readonly detail: string
  readonly errors?: Readonly<Record<string, string>>
}

/** RFC 9457 problem details. */
export function problem(res: Response, { status, title, detail, errors = {} }: Problem): void {
  const fields = Object.keys(errors).length > 0 ? { errors } : {}
  res.status(status).type('application/problem+json')
  res.send(JSON.stringify({ type: 'about:blank', title: title ?? statusTitle(status), status, detail, ...fields }))
}

export function statusTitle(status: number): string {
  return TITLES[status] ?? (status >= 500 ? 'Something went wrong' : 'Bad request')
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Please sign in',
  403: 'Not for this account',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  429: 'Too many attempts',
  500: 'Something went wrong',
  503: 'Back in a moment',
}
