import { connect, type Socket } from 'node:net'

/** Is told of each answer. `late` is milliseconds. */
export type Answered = (status: number, text: string, late: number) => void

/**
 * One connection that sends prepared requests one after the other, and nothing else: it is on the same machine as what it
 * measures, so each microsecond that it takes is missing there. Knows answers with a Content-Length only, which is what it gets.
 */
export class Client {
  readonly #socket: Socket
  readonly #next: () => Buffer | undefined
  readonly #answered: Answered
  readonly #ended = Promise.withResolvers<void>()
  #sent = 0
  #text = ''
  #wanted = 0
  #begun = false

  constructor(port: number, next: () => Buffer | undefined, answered: Answered) {
    this.#next = next
    this.#answered = answered
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('connect', () => this.#send())
    this.#socket.on('data', (text) => this.#received(String(text)))
    this.#socket.on('error', (error) => this.#answered(0, error.message, 0))
    this.#socket.on('close', () => this.#closed())
  }

  /** Resolves when `next` has nothing more and the last answer has come, or the connection has broken. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  #send(): void {
    const request = this.#next()
    this.#begun = request !== undefined
    if (request === undefined) {
      this.#socket.destroy()
      return
    }
    this.#sent = performance.now()
    this.#socket.write(request)
  }

  #received(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text
    if (this.#wanted === 0) this.#wanted = lengthOf(this.#text)
    if (this.#wanted === 0 || this.#text.length < this.#wanted) return
    const answer = this.#text
    this.#text = ''
    this.#wanted = 0
    this.#answered(Number(answer.slice(9, 12)), answer, performance.now() - this.#sent)
    this.#send()
  }

  #closed(): void {
    if (this.#begun) this.#answered(0, 'the connection was closed', 0)
    this.#ended.resolve()
  }
}

/** Of head and body; 0 while the head is not whole. */
function lengthOf(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const field = text.indexOf('\r\nContent-Length: ')
  return head + 4 + (field < 0 || field > head ? 0 : Number.parseInt(text.slice(field + 18, field + 30), 10))
}
