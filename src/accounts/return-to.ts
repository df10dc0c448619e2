const MAX_LENGTH = 2000
/** A user who has just signed in does not need them. */
const SIGN_IN_PAGES = new Set(['/login', '/register', '/logout'])

/**
 * The path of this site in `next`; undefined for anything else. Browsers read `//evil`, `/\evil`
 * and `/<tab>/evil` as another host, so every path that could become one is refused.
 */
export function returnTo(next: unknown): string | undefined {
  if (typeof next !== 'string' || next.length > MAX_LENGTH || !isUnambiguousPath(next)) return undefined
  const address = new URL(next, SITE)
  const path = address.pathname + address.search + address.hash
  // `/.//evil` passes the check, but becomes `//evil` without its dot.
  return address.origin === SITE && isUnambiguousPath(path) && !SIGN_IN_PAGES.has(address.pathname) ? path : undefined
}

const SITE = 'http://site.invalid'

/** Begins with one slash and has no other spelling of one, before and after decoding. */
function isUnambiguousPath(path: string): boolean {
  try {
    return [path, decodeURIComponent(path)].every((text) => /^\/(?![/\\])/.test(text) && !AMBIGUOUS.test(text))
  } catch {
    return false
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: browsers take some of these out of an address
const AMBIGUOUS = /[\u0000-\u001f\u007f-\u009f\\]/
