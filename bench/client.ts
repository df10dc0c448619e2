import { connect, type Socket } from 'node:net'

/** Is told of each answer. `late` is milliseconds. */
export type Answered = (status: number, text: string, late: number) => void

/**
 * One connection that sends prepared requests one after the other, and nothing else: it is on the same machine as what it
 * measures, so each microsecond that it takes is missing there. Knows answers with a Content-Length only, which is what it gets.
 */
export class Client {
  #socket: Socket
  readonly #port: number
  readonly #next: () => Buffer | undefined
  readonly #answered: Answered
  readonly #ended = Promise.withResolvers<void>()
  #sent = 0
  #text = ''
  #wanted = 0
  #waits = false
  #finished = false

  constructor(port: number, next: () => Buffer | undefined, answered: Answered) {
    this.#port = port
    this.#next = next
    this.#answered = answered
    this.#socket = this.#connect()
  }

  /** Resolves when `next` has nothing more and the last answer has come, or the connection has broken. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  #connect(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    socket.setEncoding('latin1')
    socket.on('connect', () => this.#send())
    socket.on('data', (text) => this.#received(String(text)))
    socket.on('error', (error) => this.#answered(0, error.message, 0))
    socket.on('close', () => this.#closed())
    return socket
  }

  #send(): void {
    const request = this.#next()
    this.#waits = request !== undefined
    if (request === undefined) {
      this.#finished = true
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
    this.#waits = false
    this.#answered(Number(answer.slice(9, 12)), answer, performance.now() - this.#sent)
    // nginx ends a connection that had its thousand requests, and says so.
    if (!answer.includes('\r\nConnection: close')) this.#send()
  }

  #closed(): void {
    if (this.#waits) this.#answered(0, 'the connection was closed', 0)
    if (this.#finished || this.#waits) this.#ended.resolve()
    else this.#socket = this.#connect()
  }
}

/** Of head and body; 0 while the head is not whole. */
function lengthOf(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const field = text.indexOf('\r\nContent-Length: ')
  return head + 4 + (field < 0 || field > head ? 0 : Number.parseInt(text.slice(field + 18, field + 30), 10))
}
