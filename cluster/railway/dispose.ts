/** What undoes one step of a start. */
export type Dispose = () => void | Promise<void>

/** Undoes the steps, the last one first; done, there is nothing left to undo. */
export async function disposeAll(ends: Dispose[]): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
}
