import { readFileSync } from 'node:fs'

/** A repetition of a shorter piece is one guess. */
const LONGEST_PIECE = 6
/** Keyboard rows and sequences, forwards and backwards. */
const RUNS = [
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertyuiopasdfghjklzxcvbnm',
]

/**
 * Whether attackers guess it first: a run (`abcdefghijkl`), a repeated piece (`hello1hello1`), a
 * listed word, or one with digits and signs around it (`jennifer#2019`).
 */
export function isCommon(password: string): boolean {
  const text = password.toLowerCase()
  const letters = text.replace(/[^\p{L}\p{N}]/gu, '')
  const core = letters.replace(/^\p{N}+|\p{N}+$/gu, '')
  return [text, letters].some(isPattern) || [text, letters, core].some((word) => isListed(word))
}

function isPattern(text: string): boolean {
  return text !== '' && (isRepeated(text) || RUNS.some((run) => isRun(text, run)))
}

function isRepeated(text: string): boolean {
  for (let size = 1; size <= LONGEST_PIECE; size += 1) {
    const piece = text.slice(0, size)
    if (text.length > size && piece.repeat(Math.ceil(text.length / size)).startsWith(text)) return true
  }
  return false
}

function isRun(text: string, run: string): boolean {
  const round = run.repeat(Math.ceil(text.length / run.length) + 1)
  return round.includes(text) || [...round].reverse().join('').includes(text)
}

let listed: ReadonlySet<string> | undefined

function isListed(word: string): boolean {
  listed ??= new Set(
    readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
      .split('\n')
      .filter(Boolean),
  )
  return word !== '' && (listed.has(word) || isTwice(word, listed))
}

/** Two listed words: `passwordpassword`, `adminpassword`. */
function isTwice(word: string, list: ReadonlySet<string>): boolean {
  for (let cut = 3; cut <= word.length - 3; cut += 1)
    if (list.has(word.slice(0, cut)) && list.has(word.slice(cut))) return true
  return false
}
