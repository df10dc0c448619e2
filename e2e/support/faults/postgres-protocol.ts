/** Reads a client's messages to Postgres (PostgreSQL manual, "Frontend/Backend Protocol"). */
export interface ProtocolReader {
  /** The client's `application_name`; empty before its first message. */
  readonly name: string
  /** Takes the bytes of any chunk; returns the texts of the statements that they execute. */
  read(bytes: Buffer): readonly string[]
}

export function createProtocolReader(): ProtocolReader {
  const prepared = new Map<string, string>()
  const bound = new Map<string, string>()
  let rest: Buffer = Buffer.alloc(0)
  let hasStarted = false
  let name = ''

  /** The text that one message executes; undefined: it executes none. */
  function executed(type: string, body: Buffer): string | undefined {
    const [first = '', second = ''] = body.toString().split('\0')
    if (type === 'P') prepared.set(first, second)
    if (type === 'B') bound.set(first, prepared.get(second) ?? '')
    if (type === 'E') return bound.get(first)
    return type === 'Q' ? first : undefined
  }

  return {
    get name() {
      return name
    },
    read(bytes) {
      const statements: string[] = []
      rest = Buffer.concat([rest, bytes])
      for (;;) {
        // The first message of a connection has no type, only a length.
        const at = hasStarted ? 1 : 0
        const length = rest.length < at + 4 ? Number.POSITIVE_INFINITY : at + rest.readUInt32BE(at)
        if (rest.length < length) return statements
        const body = rest.subarray(at + 4, length)
        if (hasStarted)
          statements.push(...[executed(String.fromCharCode(rest[0] ?? 0), body)].filter((text) => text !== undefined))
        else name = nameIn(body)
        hasStarted = true
        rest = rest.subarray(length)
      }
    },
  }
}

function nameIn(startup: Buffer): string {
  const parameters = startup.subarray(4).toString().split('\0')
  return parameters[parameters.indexOf('application_name') + 1] ?? ''
}
