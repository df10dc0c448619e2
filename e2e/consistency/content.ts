import type { Content, Path } from './workloads/workload.ts'

type Fields = Record<string, unknown>

/** What stands at a path; undefined where there is nothing. */
export function valueAt(content: Content, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (at as Fields | undefined)?.[name], content)
}

/** Puts a value at a path, making what is missing above it. */
export function put(content: object, path: Path, value: unknown): void {
  const { parent, name } = placeOf(content, path)
  parent[name] = value
}

export function remove(content: object, path: Path): void {
  const { parent, name } = placeOf(content, path)
  delete parent[name]
}

export function increment(content: object, path: Path): void {
  const { parent, name } = placeOf(content, path)
  parent[name] = ((parent[name] as number | undefined) ?? 0) + 1
}

function placeOf(content: object, path: Path): { parent: Fields; name: string } {
  const parents = path.slice(0, -1)
  const parent = parents.reduce((at, name) => {
    at[name] ??= {}
    return at[name] as Fields
  }, content as Fields)
  return { parent, name: path.at(-1) ?? '' }
}
