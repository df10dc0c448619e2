import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { repository } from '../../cluster/replica-environment.ts'

/** The exchanged exports of a module, by name; all others stay. */
export type Replacements<Module> = { readonly [Name in keyof Module]?: unknown }

const replaced = new Map<string, object>()
const PREFIX = 'exchanged:'

/**
 * Exchanges exports of a file of the repository, or of a package, for all later imports. Loaded
 * modules keep what they have: exchange first, then import. `replace` receives the original.
 */
export async function exchange<Module extends object>(
  specifier: string,
  replace: (original: Module) => Replacements<Module>,
): Promise<void> {
  const isFile = specifier.includes('.ts')
  const file = pathToFileURL(`${repository}/${specifier}`).href
  const original = await import(isFile ? file : specifier)
  replaced.set(new URL(isFile ? file : import.meta.resolve(specifier)).href, replace(original))
}

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith(PREFIX)) return { url: specifier, shortCircuit: true }
    const found = next(specifier, context)
    // The replacement itself imports the original.
    const isReplacement = context.parentURL?.startsWith(PREFIX) ?? false
    return replaced.has(found.url) && !isReplacement ? { url: PREFIX + found.url, shortCircuit: true } : found
  },
  load(url, context, next) {
    if (!url.startsWith(PREFIX)) return next(url, context)
    return { format: 'module', shortCircuit: true, source: sourceFor(url.slice(PREFIX.length)) }
  },
})

/** A module's own exports take precedence over those of `export *`. */
function sourceFor(original: string): string {
  const names = Object.keys(replaced.get(original) ?? {})
  const replacements = `globalThis[Symbol.for('${PREFIX}')].get(${JSON.stringify(original)})`
  const exported = names.map((name) =>
    name === 'default' ? `export default ${replacements}.default` : `export const ${name} = ${replacements}.${name}`,
  )
  return [`export * from ${JSON.stringify(original)}`, ...exported].join('\n')
}

Object.assign(globalThis, { [Symbol.for(PREFIX)]: replaced })
