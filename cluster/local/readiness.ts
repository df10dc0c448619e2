import { getOnce } from '../../test-support/http-client.ts'

/** 'ready', else the reason of the replica or of the system. */
export async function askReady(url: string): Promise<string> {
  try {
    // A separate connection: an idle one would delay the drain.
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
