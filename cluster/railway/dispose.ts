export type Dispose = () => void | Promise<void>

/** In reverse order. */
export async function disposeAll(ends: Dispose[]): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
}
