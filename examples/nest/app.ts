import 'reflect-metadata'
import { Body, Controller, Get, HttpCode, Module, Post, Session } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Session as ExpressSession, SessionData } from 'express-session'
import pg from 'pg'
import { createSessions } from '../../src/sessions/sessions.ts'

type CurrentSession = ExpressSession & Partial<SessionData>

class Account {
  me(session: CurrentSession) {
    return { name: session.account ?? null }
  }

  async login(session: CurrentSession, body: { readonly name: string }) {
    await session.regenerate({ assign: { account: String(body.name) } })
    return {}
  }

  async logout(session: CurrentSession) {
    await session.destroy()
    return {}
  }
}

// Called as functions, because Node runs this file as it is, and takes no decorators. In a project
// with a build, write `@Get('me') me(@Session() session)`.
Controller()(Account)
route('me', Get('me'), [Session()])
route('login', Post('login'), [Session(), Body()])
route('logout', Post('logout'), [Session()])

function route(name: keyof Account, method: MethodDecorator, parameters: readonly ParameterDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(Account.prototype, name) as PropertyDescriptor
  for (const decorate of [method, HttpCode(200)]) decorate(Account.prototype, name, descriptor)
  for (const [index, decorate] of parameters.entries()) decorate(Account.prototype, name, index)
}

class Root {}
Module({ controllers: [Account] })(Root)

const pool = new pg.Pool({ connectionString: String(process.env.DATABASE_URL), max: 3 })
const sessions = createSessions({ pool, secret: String(process.env.SESSION_SECRET), createTableIfMissing: true })
const app = await NestFactory.create(Root, { logger: ['error', 'warn'] })
app.use(sessions)
await app.listen(Number(process.env.PORT), '127.0.0.1')
console.log('example ready')
process.once('SIGTERM', async () => {
  await app.close()
  await sessions.close()
  await pool.end()
})
