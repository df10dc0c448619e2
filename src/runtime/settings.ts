import { readDuration } from './duration.ts'
import { z } from './schema.ts'

/** Readers of settings: from the environment's text to a value, with complaints that continue the variable's name. */

/** A duration such as `5s`, as milliseconds. */
export const duration = (fallback: string, { least = 0 } = {}) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const milliseconds = readDuration(text)
      // Node's timers hold 31 bits; ages are dates and may be longer, but not absurd.
      if (milliseconds !== undefined && milliseconds >= least && milliseconds <= 3650 * 86_400_000) return milliseconds
      const message =
        milliseconds === undefined ? 'is no duration: write 250ms, 5s, 30m, 12h or 30d' : 'is out of bounds'
      context.addIssue({ code: 'custom', message })
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
