import { AsyncLocalStorage } from 'node:async_hooks'

const requests = new AsyncLocalStorage<string>()

export function withRequestId<Result>(id: string, work: () => Result): Result {
  return requests.run(id, work)
}

export function currentRequestId(): string | undefined {
  return requests.getStore()
}
