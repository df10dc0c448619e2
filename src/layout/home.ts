import { reply } from '../http/reply.ts'
import type { Route } from '../http/routes.ts'

/** Those parts of a person that the home page needs; layout knows no more of accounts. */
export interface Greeted {
  readonly name: string
}

/** GET /: what this site is; greets whoever is signed in, and stands while the store is away. */
export function homeRoutes<Person extends Greeted>(): readonly Route<Person>[] {
  return [
    {
      method: 'GET',
      path: '/',
      who: 'anyone',
      session: 'optional',
      handler: (visit) => reply(visit, { view: 'layout/home', json: { greeted: visit.person?.name ?? null } }),
    },
  ]
}
