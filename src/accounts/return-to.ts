/** Longer ones are no page of ours. */
const MAX_LENGTH = 2000
/** Pages that a person who has just signed in is done with. */
const SIGN_IN_PAGES = new Set(['/login', '/register', '/logout'])

/**
 * The path of this site that `next` names, in its plain form; undefined for anything else. Browsers read `//evil`, `/\evil`
 * and `/<tab>/evil` as another site's address, so what could become one by any reading is no path of ours.
 */
export function returnTo(next: unknown): string | undefined {
  if (typeof next !== 'string' || next.length > MAX_LENGTH || !isUnambiguousPath(next)) return undefined
  const address = new URL(next, SITE)
  const path = address.pathname + address.search + address.hash
  // `/.//evil` is plain, and yet becomes `//evil` when its dot is taken out.
  return address.origin === SITE && isUnambiguousPath(path) && !SIGN_IN_PAGES.has(address.pathname) ? path : undefined
}

const SITE = 'http://site.invalid'

/** Begins with one slash, and holds no other way of writing one, before and after its escapes are undone. */
function isUnambiguousPath(path: string): boolean {
  try {
    return [path, decodeURIComponent(path)].every((text) => /^\/(?![/\\])/.test(text) && !AMBIGUOUS.test(text))
  } catch {
    return false
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: browsers take some of these out of an address
const AMBIGUOUS = /[\u0000-\u001f\u007f-\u009f\\]/
