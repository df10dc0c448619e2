import { getOnce } from '../../test-support/http-client.ts'

/** 'ready', else why not: in the replica's words, or the system's. */
export async function askReady(url: string): Promise<string> {
  try {
    // A connection of its own: one that is kept alive would delay the drain of the replica.
    const { status, text } = await getOnce(`${url}/readyz`, { timeoutMs: 2_000 })
    return status === 200 ? 'ready' : reasonIn(text)
  } catch (error) {
    return (error as Error).message
  }
}

function reasonIn(body: string): string {
  try {
    const { reason, status } = JSON.parse(body) as { reason?: string; status?: string }
    return reason ?? status ?? body
  } catch {
    return body
  }
}
