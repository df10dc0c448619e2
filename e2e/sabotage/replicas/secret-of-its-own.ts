import { randomBytes } from 'node:crypto'
import process from 'node:process'

// As a deployment that generates its secret at each start.
process.env.SESSION_SECRET = randomBytes(32).toString('hex')
await import('../../../src/main.ts')
