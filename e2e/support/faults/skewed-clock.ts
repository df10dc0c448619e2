/** Loaded before a replica (`--import`): its clock is off by CLOCK_OFF milliseconds, as on a machine that nobody keeps in time. */
const off = Number(process.env.CLOCK_OFF)
const Right = Date
const now = Right.now

class Wrong extends Right {
  constructor(...given: [number | string | Date] | []) {
    if (given.length === 0) super(now() + off)
    // Handed on as they came: a Date has constructors of up to seven parts.
    else super(...(given as [number]))
  }

  static override now(): number {
    return now() + off
  }
}

globalThis.Date = new Proxy(Wrong, { apply: () => new Wrong().toString() }) as DateConstructor
