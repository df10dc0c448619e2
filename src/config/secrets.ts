import { readFileSync } from 'node:fs'
import type { Settings } from './variables.ts'

/** OWASP ASVS asks for 128 bits of entropy: 32 characters of hex. */
const MIN_SECRET_LENGTH = 32
/** Refused in production. */
const DEVELOPMENT_SECRET = 'for development only: this text is public, in the source code'
/** Secrets of tutorials. */
const WELL_KNOWN = [
  /default.?secret/i,
  /keyboard.?cat/i,
  /change.?(me|this)/i,
  /your.?(session.?)?secret/i,
  /^(.)\1+$/,
  /^(0123456789|abcdef)+$/i,
]

/**
 * Unchanged, because another application may have signed with them. SESSION_SECRET is a list with
 * commas and wins; SESSION_SECRET_FILE has one secret a line. Adds to `errors`.
 */
export function readSecrets(env: Settings, production: boolean, errors: string[]): readonly string[] {
  const { SESSION_SECRET, SESSION_SECRET_FILE } = env
  const name = SESSION_SECRET === undefined ? 'SESSION_SECRET_FILE' : 'SESSION_SECRET'
  const text = SESSION_SECRET ?? readSecretFile(name, SESSION_SECRET_FILE, errors)
  if (text === undefined) {
    if (production && SESSION_SECRET_FILE === undefined)
      errors.push('SESSION_SECRET is missing: create one with `openssl rand -hex 32`, the same for every replica')
    return [DEVELOPMENT_SECRET]
  }
  const all = SESSION_SECRET === undefined ? text.split(/\r?\n/) : listed(text)
  const secrets = all.filter((secret) => secret.trim() !== '')
  if (secrets.length === 0) errors.push(`${name} holds no secret`)
  if (production) for (const [index, secret] of secrets.entries()) checkSecret(name, secret, index, errors)
  return secrets
}

/** Undefined without a file. Adds to `errors` for an unreadable one. */
export function readSecretFile(name: string, path: string | undefined, errors: string[]): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    errors.push(`${name} names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`)
    return undefined
  }
}

/** Splits at commas and trims. `\,`, `\\` and `\ ` are a comma, a backslash and a blank. */
function listed(text: string): readonly string[] {
  // After an even number of backslashes the comma is not escaped.
  return text.split(/(?<=(?<!\\)(?:\\\\)*),[ \t]*/).map((secret) => secret.replace(/\\([\\, ])/g, '$1'))
}

function checkSecret(variable: string, secret: string, index: number, errors: string[]): void {
  const name = index === 0 ? variable : `${variable} (number ${index + 1} of the list)`
  if (secret === DEVELOPMENT_SECRET || WELL_KNOWN.some((pattern) => pattern.test(secret)))
    errors.push(`${name} is a well-known one: create another with \`openssl rand -hex 32\``)
  else if (secret.length < MIN_SECRET_LENGTH)
    errors.push(`${name} is too short: ${MIN_SECRET_LENGTH} characters or more`)
}
