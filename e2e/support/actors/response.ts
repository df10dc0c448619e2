import assert from 'node:assert/strict'
import type { HttpResponse } from '../../../test-support/http-client.ts'

/** A response, and what finds its request in the logs. */
export interface Response extends HttpResponse {
  /** `Ada: GET /account`. */
  readonly request: string
  /** The replica that answered (X-Served-By); undefined: none of the cluster's. */
  readonly replica: string | undefined
  readonly requestId: string | undefined
}

/** Returns the response; fails, naming replica and request, where its status is another. */
export function expect(response: Response, ...statuses: readonly number[]): Response {
  if (!statuses.includes(response.status))
    assert.fail(describeResponse(response, `${statuses.join(' or ')} was expected`))
  return response
}

/** Returns the response; fails where it sets a cookie. */
export function expectNoCookie(response: Response): Response {
  assert.deepEqual(response.cookies, [], describeResponse(response, 'no cookie was expected'))
  return response
}

/** Returns the response; fails unless it is a replica's 503 with Retry-After and no cookie. */
export function expectUnavailable(response: Response): Response {
  expect(response, 503)
  assert.ok(response.replica, describeResponse(response, 'an answer of a replica was expected, not of nginx'))
  const { 'retry-after': retryAfter } = response.headers
  assert.match(String(retryAfter), /^[1-9]\d*$/, describeResponse(response, 'Retry-After was expected'))
  return expectNoCookie(response)
}

/** Returns the response; fails where it took as long as this. */
export function expectWithin(maxMs: number, response: Response): Response {
  const complaint = `within ${maxMs} ms and not ${Math.round(response.durationMs)}`
  assert.ok(response.durationMs < maxMs, describeResponse(response, complaint))
  return response
}

/** The response's JSON; fails, showing the text, where it is none. */
export function json<Body>(response: Response): Body {
  try {
    return JSON.parse(response.text) as Body
  } catch {
    return assert.fail(describeResponse(response, 'JSON was expected'))
  }
}

/** One sentence about a response for a failure message. */
export function describeResponse(response: Response, complaint: string): string {
  const where = `${response.replica ?? 'no replica'}, request ${response.requestId ?? 'without id'}`
  const excerpt = visibleText(response).slice(0, 300)
  const location = response.headers.location === undefined ? '' : ` to ${response.headers.location}`
  return `${response.request}: ${complaint}, ${response.status}${location} came (${where}): ${excerpt}`
}

/** The text of a page's main part; JSON as it is. */
export function visibleText({ text }: Response): string {
  const main = /<main[\s\S]*<\/main>/.exec(text)?.[0] ?? text
  return (text.startsWith('<') ? main.replace(/<[^>]*>/g, ' ') : text).replace(/\s+/g, ' ').trim()
}
