/** Loaded before a replica (`--import`): skews its clock by CLOCK_SKEW milliseconds. */
const skewMs = Number(process.env.CLOCK_SKEW)
const RealDate = Date
const now = RealDate.now

class SkewedDate extends RealDate {
  constructor(...args: [number | string | Date] | []) {
    if (args.length === 0) super(now() + skewMs)
    // Passed on as they are: Date has constructors of up to seven arguments.
    else super(...(args as [number]))
  }

  static override now(): number {
    return now() + skewMs
  }
}

globalThis.Date = new Proxy(SkewedDate, { apply: () => new SkewedDate().toString() }) as DateConstructor
