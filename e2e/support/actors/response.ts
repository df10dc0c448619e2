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

/** The same answer; fails, saying which replica and request it was, when the status is another. */
export function expect(answer: Response, ...statuses: readonly number[]): Response {
  if (!statuses.includes(answer.status)) assert.fail(describeResponse(answer, `${statuses.join(' or ')} was expected`))
  return answer
}

/** The answer's JSON; fails, showing the text, where it is none. */
export function json<Body>(answer: Response): Body {
  try {
    return JSON.parse(answer.text) as Body
  } catch {
    return assert.fail(describeResponse(answer, 'JSON was expected'))
  }
}

/** One sentence about an answer for a person who reads a failed test. */
export function describeResponse(answer: Response, complaint: string): string {
  const where = `${answer.replica ?? 'no replica'}, request ${answer.requestId ?? 'without id'}`
  const excerpt = visibleText(answer).slice(0, 300)
  const location = answer.headers.location === undefined ? '' : ` to ${answer.headers.location}`
  return `${answer.request}: ${complaint}, ${answer.status}${location} came (${where}): ${excerpt}`
}

/** The words of a page's body, without its head and foot; JSON as it is. */
export function visibleText({ text }: Response): string {
  const main = /<main[\s\S]*<\/main>/.exec(text)?.[0] ?? text
  return (text.startsWith('<') ? main.replace(/<[^>]*>/g, ' ') : text).replace(/\s+/g, ' ').trim()
}
