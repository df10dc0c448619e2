import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { repository } from '../../cluster/replica-environment.ts'

/** The exports of a module that are exchanged, by name; all others stay. */
export type Parts<Module> = { readonly [Name in keyof Module]?: unknown }

const exchanged = new Map<string, object>()
const PREFIX = 'exchanged:'

/**
 * From now on whoever imports this file of the repository, or this package, gets some of its exports from us. Whatever was
 * imported before goes on with what it has, so: exchange first, then import what should use it. `make` is given the module as
 * it is; what that imports in turn is loaded with it.
 */
export async function exchange<Module extends object>(
  what: string,
  make: (original: Module) => Parts<Module>,
): Promise<void> {
  const isFile = what.includes('.ts')
  const original = await import(isFile ? pathToFileURL(`${repository}/${what}`).href : what)
  const url = isFile ? pathToFileURL(`${repository}/${what}`).href : import.meta.resolve(what)
  exchanged.set(new URL(url).href, make(original))
}

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith(PREFIX)) return { url: specifier, shortCircuit: true }
    const found = next(specifier, context)
    // Who stands in place of a module may import it.
    const isStandIn = context.parentURL?.startsWith(PREFIX) ?? false
    return exchanged.has(found.url) && !isStandIn ? { url: PREFIX + found.url, shortCircuit: true } : found
  },
  load(url, context, next) {
    if (!url.startsWith(PREFIX)) return next(url, context)
    return { format: 'module', shortCircuit: true, source: standIn(url.slice(PREFIX.length)) }
  },
})

/** Names of its own come before those that `export *` brings. */
function standIn(original: string): string {
  const names = Object.keys(exchanged.get(original) ?? {})
  const parts = `globalThis[Symbol.for('${PREFIX}')].get(${JSON.stringify(original)})`
  const given = names.map((name) =>
    name === 'default' ? `export default ${parts}.default` : `export const ${name} = ${parts}.${name}`,
  )
  return [`export * from ${JSON.stringify(original)}`, ...given].join('\n')
}

Object.assign(globalThis, { [Symbol.for(PREFIX)]: exchanged })
