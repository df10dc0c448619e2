import { isUntypeable } from '../../http/form.ts'
import { isCommon } from './common-passwords.ts'

/** Code points, counted after normalisation, as NIST SP 800-63B asks: 12 is under its 15 for a password alone, over its old 8. */
export const MIN_LENGTH = 12
export const MAX_LENGTH = 128

/** What a person's password must not be made of. */
export interface PersonalWords {
  readonly email: string
  readonly name: string
  /** Default: SITE_WORDS. */
  readonly site?: readonly string[]
}

/** What this site is called: words that whoever attacks it tries first. Put yours here. */
export const SITE_WORDS: readonly string[] = ['roundhouse']

/**
 * The one form in which passwords are checked and hashed: NFKC, one of the two that NIST SP 800-63B names. The same
 * password typed on a Mac (é as two code points) and on Windows (one) then is the same, and so is a full-width one from a
 * Japanese keyboard; of the two, the composed form counts what a person sees.
 */
export function normalise(password: string): string {
  return password.normalize('NFKC')
}

/** What is wrong with a new password, in a sentence for the person; undefined when nothing is. No composition rules. */
export function passwordFault(password: string, around: PersonalWords): string | undefined {
  const text = normalise(password)
  const length = [...text].length
  if (isUntypeable(text)) return 'Password has characters that cannot be typed.'
  if (length < MIN_LENGTH) return `Password is too short: ${MIN_LENGTH} characters or more.`
  if (length > MAX_LENGTH) return `Password is too long: ${MAX_LENGTH} characters at most.`
  if (isCommon(text)) return 'Password is one of those that are guessed first. Please choose another.'
  return ownFault(text, around)
}

/**
 * Words that an attacker knows count for nothing: what is left without them must stand on its own. So `Roundhouse-2026!`
 * and `ada@example.com1` are refused, while a long sentence that happens to hold a short name is not.
 */
function ownFault(text: string, { email, name, site = SITE_WORDS }: PersonalWords): string | undefined {
  const letters = squeezed(text)
  const known: readonly (readonly [string, readonly string[]])[] = [
    ['your e-mail address', addressWords(email)],
    ['your name', nameWords(name)],
    ["this site's own words", site],
    ["your name, your address and this site's own words", [...addressWords(email), ...nameWords(name), ...site]],
  ]
  for (const [what, words] of known) {
    const left = without(letters, words)
    if (left !== letters && ([...left].length < MIN_LENGTH || isCommon(left)))
      return `Password is little more than ${what}: such are guessed first. Please choose another.`
  }
  return undefined
}

function addressWords(email: string): string[] {
  const [local = '', domain = ''] = email.split('@')
  return [email, local, domain, ...local.split(/[^\p{L}\p{N}]+/u), ...domain.split('.').slice(0, -1)]
}

function nameWords(name: string): string[] {
  return [name, ...name.split(/\s+/)]
}

/** The text without the words, the longest taken out first; words of one or two characters are in everything. */
function without(letters: string, words: readonly string[]): string {
  const known = words.map(squeezed).filter((word) => [...word].length > 2)
  return known.sort((a, b) => b.length - a.length).reduce((left, word) => left.replaceAll(word, ''), letters)
}

/** Letters and digits alone, in lower case: `Round-House` is `roundhouse`. */
function squeezed(text: string): string {
  return normalise(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
