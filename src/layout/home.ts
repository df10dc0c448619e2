import { reply } from '../http/reply.ts'
import { get, type Route } from '../http/routes.ts'

/** What the home page shows of a user. Layout knows no more of accounts. */
export interface GreetedUser {
  readonly name: string
}

/** GET /: what this site is. It is served while the session store is unavailable, too. */
export function homeRoutes<User extends GreetedUser>(): readonly Route<User>[] {
  return [
    get('/', 'anyone', 'optional', (context) =>
      reply(context, { view: 'layout/home', json: { greeted: context.user?.name ?? null } }),
    ),
  ]
}
