import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'

export interface Cost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** OWASP's minimum for argon2id: 19 MiB, 2 passes, 1 lane; about 50 ms. */
export const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 }
/** A stored hash names its own cost. A manipulated one must not use up the machine. */
const MAX_COST: Cost = { memory: 131_072, passes: 16, parallelism: 4 }
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Returns `$argon2id$v=19$m=19456,t=2,p=1$salt$tag` (PHC). The caller queues. */
export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return phcString(cost, salt, await derive(password, cost, salt, TAG_BYTES))
}

/** At the hash's own cost. An unreadable hash takes the same time and is wrong. */
export async function verifyPassword(password: string, stored: string, cost: Cost = COST): Promise<boolean> {
  const read = parse(stored)
  const { cost: hashCost, salt, tag } = read ?? parts(dummyHash(cost))
  const made = await derive(password, hashCost, salt, tag.length)
  return timingSafeEqual(made, tag) && read !== undefined
}

/** No password matches it. Verifying takes as long as with a real hash. */
export function dummyHash(cost: Cost = COST): string {
  return phcString(cost, randomBytes(SALT_BYTES), randomBytes(TAG_BYTES))
}

/** true for a weaker hash only. Else two versions side by side would rehash back and forth. */
export function needsRehash(stored: string, cost: Cost = COST): boolean {
  const hashCost = parse(stored)?.cost
  return hashCost === undefined || hashCost.memory * hashCost.passes < cost.memory * cost.passes
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

/** PHC strings have base64 without padding. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

function derive(password: string, cost: Cost, salt: Buffer, tagLength: number): Promise<Buffer> {
  const parameters: Argon2Parameters = { message: Buffer.from(password, 'utf8'), nonce: salt, tagLength, ...cost }
  return new Promise((resolve, reject) =>
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag))),
  )
}
