import { createServer, type IncomingMessage } from 'node:http'
import express, { type Request, type Response } from 'express'
import pg from 'pg'
import { Server } from 'socket.io'
import { WebSocketServer } from 'ws'
import { createSessions } from '../../src/sessions/sessions.ts'

const pool = new pg.Pool({ connectionString: String(process.env.DATABASE_URL), max: 3 })
const sessions = createSessions({ pool, secret: String(process.env.SESSION_SECRET), createTableIfMissing: true })

const app = express().use(express.json(), sessions)
app.post('/login', async (req, res) => {
  await req.session.regenerate({ assign: { account: String(req.body.name) } })
  res.json({})
})
app.post('/logout', async (req, res) => {
  await req.session.destroy()
  res.json({})
})
app.get('/me', (req, res) => {
  res.set('X-Served-By', String(process.env.REPLICA)).json({ name: req.session.account ?? null })
})
const server = createServer(app)

// Socket.IO: each connection has the session of its first request.
const io = new Server(server)
io.engine.use(sessions)
io.on('connection', (socket) => {
  socket.on('who', async (answer: (name: string | null) => void) => answer(await nameOf(socket.request)))
})

// ws: the upgrade has no response, so an empty object takes its place.
const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (req, socket, head) => {
  if (req.url !== '/ws') return
  sessions(req as Request, {} as Response, (error: unknown) => {
    if (error || (req as Request).session.account === undefined) {
      socket.end(`HTTP/1.1 ${error ? '503 Service Unavailable' : '401 Unauthorized'}\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(req, socket, head, (connection) => {
      connection.on('message', async () => connection.send(JSON.stringify(await nameOf(req))))
    })
  })
})

/** A connection outlives a sign-out, so each message asks the table. */
async function nameOf(req: IncomingMessage): Promise<string | null> {
  const { session } = req as Request
  return await session.reload().then(
    () => session.account ?? null,
    () => null,
  )
}

server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('example ready'))
process.once('SIGTERM', async () => {
  io.close()
  server.closeAllConnections()
  await sessions.close()
  await pool.end()
})
