import { readDuration } from './duration.ts'
import { z } from './schema.ts'

/** Readers of settings: from the environment's text to a value, with complaints that continue the variable's name. */

/** A duration such as `5s` within these bounds, as milliseconds. Node's timers fire at once above 24.8 days. */
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

/** A whole number from `least` to `most`. */
export const whole = (fallback: number, least: number, most: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `must be a whole number from ${least} to ${most}`,
    })
    .transform(Number)

export const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true')

/** A name that RFC 6265 allows for a cookie. */
export const cookieName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'is no name that a cookie can have')
