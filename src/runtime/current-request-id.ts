import { AsyncLocalStorage } from 'node:async_hooks'

const requests = new AsyncLocalStorage<string>()

/** Log lines of `work` carry this request id. */
export function withRequestId<Result>(id: string, work: () => Result): Result {
  return requests.run(id, work)
}

export function currentRequestId(): string | undefined {
  return requests.getStore()
}
