import { get } from 'node:http'

/** 'ready', else why not, in the replica's words or the system's. */
export function askReady(url: string): Promise<string> {
  return new Promise((resolve) => {
    // A connection of its own: one that is kept alive would hold up the draining of the replica that it asks about.
    const request = get(`${url}/readyz`, { agent: false, timeout: 2_000 }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve(response.statusCode === 200 ? 'ready' : reasonIn(body)))
      response.on('error', (error) => resolve(error.message))
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 2 s')))
    request.on('error', (error) => resolve(error.message))
  })
}

function reasonIn(body: string): string {
  try {
    const { reason, status } = JSON.parse(body) as { reason?: string; status?: string }
    return reason ?? status ?? body
  } catch {
    return body
  }
}
