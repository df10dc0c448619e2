import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a hash costs: memory in KiB. */
export interface Cost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane; about 50 ms. */
export const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 }
/** A hash asks for its own cost, so one that was tampered with must not be able to ask for the whole machine. */
const MAX_COST: Cost = { memory: 131_072, passes: 16, parallelism: 4 }
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Hashes a password into a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`; the caller normalises and waits in line. */
export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return phcString(cost, salt, await derive(password, cost, salt, TAG_BYTES))
}

/** Whether the password made this hash, at the hash's own cost. One that cannot be read costs as much, and is wrong. */
export async function verifyPassword(password: string, stored: string, cost: Cost = COST): Promise<boolean> {
  const read = parse(stored)
  const { cost: asked, salt, tag } = read ?? parts(dummyHash(cost))
  const made = await derive(password, asked, salt, tag.length)
  return timingSafeEqual(made, tag) && read !== undefined
}

/** A hash that no password made: verifying against it takes as long as against a real one. */
export function dummyHash(cost: Cost = COST): string {
  return phcString(cost, randomBytes(SALT_BYTES), randomBytes(TAG_BYTES))
}

/**
 * Whether a hash took less work than is asked for now. A dearer one stays: while two versions run side by side, they would
 * otherwise hash back and forth.
 */
export function needsRehash(stored: string, cost: Cost = COST): boolean {
  const asked = parse(stored)?.cost
  return asked === undefined || asked.memory * asked.passes < cost.memory * cost.passes
}

interface Parts {
  readonly cost: Cost
  readonly salt: Buffer
  readonly tag: Buffer
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/-]{11,86})\$([\w+/-]{22,86})$/

function parse(stored: string): Parts | undefined {
  return PHC.test(stored) && isWithinLimits(parts(stored).cost) ? parts(stored) : undefined
}

function parts(stored: string): Parts {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(stored) ?? []
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

function isWithinLimits({ memory, passes, parallelism }: Cost): boolean {
  const enough = passes >= 1 && parallelism >= 1 && memory >= 8 * parallelism
  return enough && memory <= MAX_COST.memory && passes <= MAX_COST.passes && parallelism <= MAX_COST.parallelism
}

function phcString({ memory, passes, parallelism }: Cost, salt: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/** The PHC string format writes base64 without padding. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

function derive(password: string, cost: Cost, salt: Buffer, tagLength: number): Promise<Buffer> {
  const parameters: Argon2Parameters = { message: Buffer.from(password, 'utf8'), nonce: salt, tagLength, ...cost }
  return new Promise((resolve, reject) =>
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag))),
  )
}
