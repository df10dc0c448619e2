import connectPgSimple from 'connect-pg-simple'
import express from 'express'
import session from 'express-session'
import pg from 'pg'

declare module 'express-session' {
  interface SessionData {
    account?: string
    basket?: Record<string, number>
  }
}

/**
 * express-session over connect-pg-simple with the reference's settings, without Roundhouse.
 * `POST /login { account, minutes? }`, `GET /whoami`, `POST /note { basket }`, `POST /logout`.
 */
const store = new (connectPgSimple(session))({
  pool: new pg.Pool({ connectionString: String(process.env.DATABASE_URL), max: 3 }),
  tableName: 'session',
  createTableIfMissing: false,
})
const app = express()
app.use(express.json())
app.use(
  session({
    store,
    secret: String(process.env.SESSION_SECRET),
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 30 * 24 * 60 * 60 * 1000 },
  }),
)
app.use((_req, res, next) => {
  res.set('X-Served-By', 'legacy')
  next()
})
app.post('/login', (req, res) => {
  const { account, minutes } = req.body as { account: string; minutes?: number }
  req.session.account = account
  if (minutes !== undefined) req.session.cookie.maxAge = minutes * 60_000
  req.session.save(() => res.json({}))
})
app.get('/whoami', (req, res) => {
  const { account = null, basket = {}, cookie } = req.session
  res.json({ account, basket, expiresAt: cookie.expires ?? null })
})
app.post('/note', (req, res) => {
  req.session.basket = (req.body as { basket: Record<string, number> }).basket
  req.session.save(() => res.json({}))
})
app.post('/logout', (req, res) => {
  req.session.destroy(() => res.json({}))
})
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('legacy replica ready'))
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
