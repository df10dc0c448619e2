import { isUntypeable } from '../../http/form.ts'
import { isCommon } from './common-passwords.ts'

/** Code points. NIST SP 800-63B: 15 for a password alone, formerly 8. */
export const MIN_LENGTH = 12
export const MAX_LENGTH = 128

/** A password must not consist of these. */
export interface PersonalWords {
  readonly email: string
  readonly name: string
  readonly site?: readonly string[]
}

/** Names of this site, which attackers try first. Put yours here. */
export const SITE_WORDS: readonly string[] = ['roundhouse']

/**
 * NFKC, one of the two forms of NIST SP 800-63B. A Mac sends é as two code points, Windows as one,
 * and a Japanese keyboard full-width letters: all are the same password. The composed form counts
 * the characters that the user sees.
 */
export function normalise(password: string): string {
  return password.normalize('NFKC')
}

/** A sentence for the user; undefined for a good password. There are no composition rules. */
export function passwordError(password: string, around: PersonalWords): string | undefined {
  const text = normalise(password)
  const length = [...text].length
  if (isUntypeable(text)) return 'Password has characters that cannot be typed.'
  if (length < MIN_LENGTH) return `Password is too short: ${MIN_LENGTH} characters or more.`
  if (length > MAX_LENGTH) return `Password is too long: ${MAX_LENGTH} characters at most.`
  if (isCommon(text)) return 'Password is one of those that are guessed first. Please choose another.'
  return errorWithoutPersonalWords(text, around)
}

/**
 * Known words do not count: the rest must be long enough. So `Roundhouse-2026!` and
 * `ada@example.com1` are refused, and a long sentence with a short name in it is not.
 */
function errorWithoutPersonalWords(
  text: string,
  { email, name, site = SITE_WORDS }: PersonalWords,
): string | undefined {
  const letters = squeezed(text)
  const wordLists: readonly (readonly [string, readonly string[]])[] = [
    ['your e-mail address', addressWords(email)],
    ['your name', nameWords(name)],
    ["this site's own words", site],
    ["your name, your address and this site's own words", [...addressWords(email), ...nameWords(name), ...site]],
  ]
  for (const [what, words] of wordLists) {
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

/** Removes the longest words first. Words of one or two characters stay: they are everywhere. */
function without(letters: string, words: readonly string[]): string {
  const removable = words.map(squeezed).filter((word) => [...word].length > 2)
  return removable.sort((a, b) => b.length - a.length).reduce((left, word) => left.replaceAll(word, ''), letters)
}

/** Letters and digits in lower case: `Round-House` is `roundhouse`. */
function squeezed(text: string): string {
  return normalise(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
