import { parse, parseAllDocuments } from 'yaml'

/** Throws with the line for invalid YAML. */
export function parseYaml(text: string): unknown {
  return parse(text)
}

/** All documents except empty ones. */
export function parseYamlAll(text: string): readonly unknown[] {
  return parseAllDocuments(text)
    .map((document) => {
      for (const error of document.errors) throw error
      return document.toJS()
    })
    .filter((value) => value !== null && value !== undefined)
}
