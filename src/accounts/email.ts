import { domainToASCII } from 'node:url'
import { isInvisible } from '../http/form.ts'
import { z } from '../runtime/zod.ts'

/** RFC 5321 4.5.3.1.3: a path is 256 octets, two of them the angle brackets. */
const LONGEST = 254
/** RFC 5321 4.5.3.1.1. */
const LONGEST_LOCAL = 64

/**
 * An e-mail address in a form: one @ with something on both sides, no blanks, no invisible characters. Whether anybody
 * reads there only a letter could tell.
 */
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

/** Whether a text can be an e-mail address. */
export function isEmail(text: string): boolean {
  // Marks that cannot be seen, or turn the direction of writing, let two addresses look alike.
  if (text.length > LONGEST || !text.isWellFormed() || /[\p{C}\p{Z}<>()[\]\\,;:"]/u.test(text)) return false
  // A Hangul filler is a letter to Unicode, a blank pattern of Braille a symbol.
  if ([...text].some((character) => isInvisible(character) && !/\p{M}/u.test(character))) return false
  const [local = '', domain = '', ...more] = text.split('@')
  return more.length === 0 && local !== '' && local.length <= LONGEST_LOCAL && DOMAIN.test(domain)
}

const DOMAIN =
  /^[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?(\.[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?)*$/u

/**
 * What addresses are compared by: one Unicode form, lower case, the domain in Punycode, as browsers send it from a field of
 * the type `email`. Made here, since Postgres' lower() depends on its locale.
 */
export function emailKey(email: string): string {
  const [local = '', ...domain] = email.trim().toLowerCase().normalize('NFC').split('@')
  const written = domain.join('@')
  return [local, ...(domain.length === 0 ? [] : [domainToASCII(written) || written])].join('@')
}
