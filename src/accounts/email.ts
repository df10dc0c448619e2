import { domainToASCII } from 'node:url'
import { isInvisible } from '../http/form.ts'
import { z } from '../runtime/zod.ts'

/** RFC 5321, 4.5.3.1.3: a path has 256 octets, two of them angle brackets. */
const LONGEST = 254
/** RFC 5321 4.5.3.1.1. */
const LONGEST_LOCAL = 64

/** One @ with text on both sides, no blanks, no invisible characters. */
export function emailField() {
  return z
    .string({ error: (issue) => (issue.input === undefined ? MISSING : 'E-mail address must be one text.') })
    .transform((value) => value.trim())
    .refine((value) => value !== '', { error: MISSING, abort: true })
    .refine((value) => value.length <= LONGEST, {
      error: `E-mail address is too long: ${LONGEST} characters at most.`,
      abort: true,
    })
    .refine(isEmail, 'E-mail address is not one: it looks like ada@example.com.')
}

const MISSING = 'E-mail address is missing.'

export function isEmail(text: string): boolean {
  // Invisible and directional marks let two addresses look the same.
  if (text.length > LONGEST || !text.isWellFormed() || /[\p{C}\p{Z}<>()[\]\\,;:"]/u.test(text)) return false
  // To Unicode a Hangul filler is a letter, and a blank Braille pattern a symbol.
  if ([...text].some((character) => isInvisible(character) && !/\p{M}/u.test(character))) return false
  const [local = '', domain = '', ...more] = text.split('@')
  return more.length === 0 && local !== '' && local.length <= LONGEST_LOCAL && DOMAIN.test(domain)
}

const DOMAIN =
  /^[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?(\.[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?)*$/u

/**
 * For comparison: normalised, lower case, the domain in Punycode, as browsers send it from a field
 * of type `email`. Not in SQL: Postgres' lower() depends on its locale.
 */
export function emailKey(email: string): string {
  const [local = '', ...domain] = email.trim().toLowerCase().normalize('NFC').split('@')
  const written = domain.join('@')
  return [local, ...(domain.length === 0 ? [] : [domainToASCII(written) || written])].join('@')
}
