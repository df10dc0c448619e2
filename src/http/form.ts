import { z } from '../runtime/zod.ts'

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false
      readonly fields: Readonly<Record<string, string>>
      readonly typed: Readonly<Record<string, string>>
    }

/** Ignores unknown fields. Errors are by field. */
export function readForm<Shape extends z.ZodType>(shape: Shape, body: unknown): Reading<z.output<Shape>> {
  const record = isRecord(body) ? body : {}
  const result = shape.safeParse(record)
  if (result.success) return { ok: true, value: result.data }
  const fields: Record<string, string> = {}
  for (const issue of result.error.issues) fields[String(issue.path[0] ?? 'form')] ??= issue.message
  return { ok: false, fields, typed: typedText(record) }
}

/** The typed texts for the form, without secrets. */
export function typedText(body: unknown): Record<string, string> {
  const typed: Record<string, string> = {}
  for (const [name, value] of Object.entries(isRecord(body) ? body : {}))
    if (typeof value === 'string' && !SECRETS.has(name)) typed[name] = value
  return typed
}

/** One line, trimmed. `label` begins the error: "Name is missing." */
export function text(label: string, { maxLength }: { maxLength: number }) {
  return z
    .string({ error: (issue) => (issue.input === undefined ? `${label} is missing.` : `${label} must be one text.`) })
    .refine((value) => !isUntypeable(value), `${label} has characters that cannot be typed.`)
    .transform((value) => value.trim())
    .refine((value) => !isInvisible(value), `${label} is missing.`)
    .refine((value) => !BIDI_CONTROLS.test(value), `${label} has characters that reverse the direction of writing.`)
    .refine((value) => value.length <= maxLength, `${label} is too long: ${maxLength} characters at most.`)
}

/** As typed: not trimmed, not checked. */
export function secret(label: string) {
  return z.string({
    error: (issue) => (issue.input === undefined ? `${label} is missing.` : `${label} must be one text.`),
  })
}

const SECRETS = new Set(['password', 'current'])

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Embeddings, overrides and isolates also reverse the text after them. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/

/** Control characters (Postgres refuses NUL), line separators, half a surrogate pair. */
export function isUntypeable(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return !value.isWellFormed() || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(value)
}

/** Blanks, fillers, joiners. U+2800 and U+1D159 are symbols to Unicode, but blank. */
export function isInvisible(value: string): boolean {
  return /^[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]*$/u.test(value)
}
