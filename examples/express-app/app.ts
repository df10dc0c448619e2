import express from 'express'
import passport from 'passport'
import { Strategy } from 'passport-local'
import pg from 'pg'
import { createSessions } from '../../src/sessions/sessions.ts'

declare module 'express-session' {
  interface SessionData {
    passport?: { user?: string }
    wishes?: Record<string, true>
  }
}

const pool = new pg.Pool({ connectionString: String(process.env.DATABASE_URL), max: 3 })
const sessions = createSessions({ pool, secret: String(process.env.SESSION_SECRET), accountIdOf })

/** Where Passport keeps the account: with it all sessions of an account can be revoked. */
function accountIdOf(session: object): unknown {
  return (session as { passport?: { user?: string } }).passport?.user
}

const passwords = new Map([
  ['ada', 'lantern over water'],
  ['bea', 'water over lantern'],
])
passport.use(new Strategy((name, password, done) => done(null, passwords.get(name) === password ? { name } : false)))
passport.serializeUser((user, done) => done(null, (user as { name: string }).name))
passport.deserializeUser((name: string, done) => done(null, { name }))

const app = express()
app.use(express.json())
app.use(sessions.middleware())
app.use(passport.session())
app.use((_req, res, next) => {
  res.set('X-Served-By', String(process.env.REPLICA))
  next()
})

app.get('/me', (req, res) => {
  const { name = null } = (req.user ?? {}) as { name?: string }
  res.json({ name, wishes: Object.keys(req.session.wishes ?? {}) })
})
app.post('/wishes', (req, res) => {
  req.session.wishes = { ...req.session.wishes, [String(req.body.wish)]: true }
  res.json({})
})
app.post('/login', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => {
  res.json({})
})
app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.json({})))
})

const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('example ready'))
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
