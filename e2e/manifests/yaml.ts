import { parse, parseAllDocuments } from 'yaml'

/** One document; throws with the line where it is none. */
export function parseYaml(text: string): unknown {
  return parse(text)
}

/** Every document of a text, in its order; empty ones are left out. */
export function parseYamlAll(text: string): readonly unknown[] {
  return parseAllDocuments(text)
    .map((document) => {
      for (const error of document.errors) throw error
      return document.toJS()
    })
    .filter((value) => value !== null && value !== undefined)
}
