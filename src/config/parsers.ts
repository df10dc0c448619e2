import { z } from '../runtime/zod.ts'
import { readDuration } from './duration.ts'

/** Parse the text of a setting. Error messages continue the variable's name. */

/** Milliseconds of a duration such as `5s`. Node's timers fire at once above 24.8 days. */
export const duration = (fallback: string, from: string, to: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const [milliseconds = Number.NaN, lower = Number.NaN, upper = Number.NaN] = [text, from, to].map(readDuration)
      if (milliseconds >= lower && milliseconds <= upper) return milliseconds
      const isDuration = !Number.isNaN(milliseconds)
      const message = isDuration ? `is ${text}: ` : 'is no duration such as 250ms, 5s, 30m, 12h or 30d: '
      context.addIssue({ code: 'custom', message: `${message}it must be from ${from} to ${to}` })
      return z.NEVER
    })

export const whole = (fallback: number, min: number, max: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number)

export const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true')

/** A cookie name by RFC 6265. */
export const cookieName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'is no name that a cookie can have')

const ATTRIBUTE = /^(name|domain|path)=(.*)$/i
type Cookie = { readonly [attribute in 'name' | 'domain' | 'path']?: string }

/** Cookies such as `Domain=example.com; Path=/, Name=old; Path=/shop`. Values are checked later. */
export const cookies = z
  .string()
  .optional()
  .transform((text, context) => {
    const found: Cookie[] = []
    for (const [index, entry] of (text?.split(',') ?? []).entries()) {
      const pairs = entry.split(';').map((part) => ATTRIBUTE.exec(part.trim()))
      const valid = pairs.filter((pair) => pair !== null)
      const names = new Set(valid.map(([, name = '']) => name.toLowerCase()))
      const reportError = (message: string) =>
        context.addIssue({ code: 'custom', message: `entry ${index + 1} ${message}` })
      if (valid.length < pairs.length)
        reportError('has no attribute, or an unknown one: write Name=, Domain= and Path=')
      else if (names.size < pairs.length) reportError('has an attribute twice')
      found.push(Object.fromEntries(valid.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()])))
    }
    return found
  })
