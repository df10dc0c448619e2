import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RequestHandler, Router } from 'express'
import { methodNotAllowed } from './method-not-allowed.ts'

export interface Assets {
  /** The path of a file with a hash of its content. Throws for an unknown file. */
  readonly address: (name: string) => string
  readonly middleware: RequestHandler
}

/** Hashed names are cached for a year. None reads the session store. */
export function createAssets(folder: string): Assets {
  const addresses = new Map<string, string>()
  for (const name of readdirSync(folder))
    addresses.set(name, `/assets/${hashed(name, readFileSync(join(folder, name)))}`)
  const router = Router()
  router.get(['/favicon.ico', '/robots.txt'], (req, res) =>
    res.sendFile(req.path.slice(1), { root: folder, maxAge: '1d' }),
  )
  router.get('/assets/:file', (req, res, next) => {
    const name = plainName(req.params.file)
    const address = addresses.get(name)
    if (address === undefined) return next()
    // During a rolling restart a page of the other version asks for its own hash: it gets the
    // current file.
    const current = address === `/assets/${req.params.file}`
    res.sendFile(name, { root: folder, ...(current ? { immutable: true, maxAge: '1y' } : { maxAge: 0 }) })
  })
  router.all(['/favicon.ico', '/robots.txt', '/assets/:file'], methodNotAllowed)
  return {
    middleware: router,
    address(name) {
      const address = addresses.get(name)
      if (address === undefined) throw new Error(`no such file in public: ${name}`)
      return address
    },
  }
}

function hashed(name: string, content: Buffer): string {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10)
  return name.replace(/(\.\w+)$/, `.${hash}$1`)
}

function plainName(file: string): string {
  return file.replace(/\.[0-9a-f]{10}(\.\w+)$/, '$1')
}
