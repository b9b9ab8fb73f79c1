// SPDX-License-Identifier: PostgreSQL
/**
 * parser.ts: parses text/event-stream as WHATWG HTML 9.2.6 says. It takes bytes that are cut
 * anywhere, and calls back with events.
 */

export interface ParsedEvent {
  /** the last event id, which stays until another one comes */
  id: string
  /** true if this event's own lines had the id */
  own: boolean
  /** empty for a plain message */
  event: string
  data: string
}

export interface ParserCalls {
  onEvent(event: ParsedEvent): void
  onRetry?(ms: number): void
  onComment?(text: string): void
}

export class Parser {
  readonly #calls: ParserCalls
  readonly #decoder = new TextDecoder() // takes one byte order mark away
  #rest = ''
  #afterCr = false
  #id = ''
  #own = false
  #event = ''
  #data: string[] = []

  constructor(calls: ParserCalls) {
    this.#calls = calls
  }

  push(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true })
    if (text === '') return
    const ends = /[\r\n]/g
    let from = this.#afterCr && text[0] === '\n' ? 1 : 0
    this.#afterCr = false
    ends.lastIndex = from
    for (let end; (end = ends.exec(text)) !== null; ends.lastIndex = from) {
      const line = this.#rest + text.slice(from, end.index)
      this.#rest = ''
      from = end.index + 1
      if (end[0] === '\r') {
        if (from === text.length) this.#afterCr = true
        else if (text[from] === '\n') from++
      }
      this.#line(line)
    }
    this.#rest += text.slice(from)
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return this.#calls.onComment?.(line.slice(1))
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    this.#field(name, value)
  }

  #field(name: string, value: string): void {
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#event = value
    else if (name === 'id' && !value.includes('\0')) [this.#id, this.#own] = [value, true]
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.#calls.onRetry?.(Number(value))
  }

  #dispatch(): void {
    const event = { id: this.#id, own: this.#own, event: this.#event, data: this.#data.join('\n') }
    const some = this.#data.length > 0
    this.#data = []
    this.#event = ''
    this.#own = false
    if (some) this.#calls.onEvent(event)
  }
}
