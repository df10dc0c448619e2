import { isDeepStrictEqual } from 'node:util'
import type { Answer, StoredSession, Transcript } from './play.ts'

/** Clocks run while the two play one after the other. */
const TOLERANCE_S = 5

/** What differs, in words; empty where nothing does. */
export function differences(stock: Transcript | string, ours: Transcript | string): readonly string[] {
  if (typeof stock === 'string' || typeof ours === 'string')
    return stock === ours ? [] : [`at the start: ${said(stock)}, ours: ${said(ours)}`]
  return [
    ...stock.answers.flatMap((answer, index) => inAnswer(answer, ours.answers[index], `step ${index + 1}`)),
    ...inRows(stock.rows, ours.rows),
  ]
}

function said(transcript: Transcript | string): string {
  return typeof transcript === 'string' ? transcript : 'starts'
}

function inAnswer(stock: Answer, ours: Answer | undefined, step: string): string[] {
  const { expiresInS, ...rest } = withoutSeconds(stock)
  const { expiresInS: oursExpire, ...oursRest } = withoutSeconds(ours)
  const found = Object.keys(rest)
    .filter((key) => !isDeepStrictEqual(rest[key as keyof typeof rest], oursRest[key as keyof typeof rest]))
    .map(
      (key) =>
        `${step}, ${key}: ${text(rest[key as keyof typeof rest])}, ours: ${text(oursRest[key as keyof typeof rest])}`,
    )
  const isClose =
    expiresInS.length === oursExpire.length && expiresInS.every((at, index) => near(at, oursExpire[index]))
  if (!isClose) found.push(`${step}, Expires in s: ${text(expiresInS)}, ours: ${text(oursExpire)}`)
  return found
}

/** A field `…S` of a body holds seconds that remain: it is compared as an expiry. */
function withoutSeconds(answer: Answer | undefined) {
  const found: (number | undefined)[] = [...(answer?.expiresInS ?? [])]
  const body = answer?.body.replace(/"\w+S":(-?\d+)/g, (field, seconds) => {
    found.push(Number(seconds))
    return field.replace(seconds, '…')
  })
  return { ...answer, body, expiresInS: found }
}

function inRows(stock: readonly StoredSession[], ours: readonly StoredSession[]): string[] {
  const isClose =
    stock.length === ours.length &&
    stock.every(({ data, maxAge, expiresInS }, index) => {
      const other = ours[index]
      const isSameAge = near(seconds(maxAge), seconds(other?.maxAge))
      return isDeepStrictEqual(data, other?.data) && isSameAge && near(expiresInS, other?.expiresInS)
    })
  return isClose ? [] : [`store: ${text(stock)}, ours: ${text(ours)}`]
}

function seconds(maxAge: unknown): number | undefined {
  return typeof maxAge === 'number' ? maxAge / 1000 : undefined
}

function near(one: number | undefined, other: number | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return Math.abs(one - other) <= TOLERANCE_S
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
