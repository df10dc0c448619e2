import { AsyncLocalStorage } from 'node:async_hooks'

const requests = new AsyncLocalStorage<string>()

/** Runs `work` so that every log line written on its way carries this request's id. */
export function withRequestId<Result>(id: string, work: () => Result): Result {
  return requests.run(id, work)
}

/** The id of the request being worked on; undefined outside of one. */
export function currentRequestId(): string | undefined {
  return requests.getStore()
}
