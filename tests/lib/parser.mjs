// A parser of Server-Sent Events, written from the WHATWG algorithm (HTML, section 9.2.6). It is
// strict where a browser is lenient: `faults` keeps what a browser would quietly ignore.

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Parser {
  /**
   * onFrame gets each dispatched event: { id, event, data, raw, fields }, onComment each comment's
   * text.
   */
  constructor({ onFrame = () => {}, onComment = () => {}, lastEventId = '' } = {}) {
    Object.assign(this, { onFrame, onComment, lastEventId })
    this.faults = []
    this.retry = null
    this.rest = []
    this.started = false
    this.#clear()
  }

  #clear() {
    this.data = []
    this.event = ''
    this.fields = []
    this.lines = []
  }

  /** Takes bytes as they come. They may be cut anywhere. */
  push(chunk) {
    let from = 0
    for (let at; (at = chunk.indexOf(10, from)) >= 0; from = at + 1) {
      this.rest.push(chunk.subarray(from, at))
      const line = this.rest.length === 1 ? this.rest[0] : Buffer.concat(this.rest)
      this.rest = []
      this.#line(this.#text(line))
    }
    if (from < chunk.length) this.rest.push(Buffer.from(chunk.subarray(from)))
  }

  /** What stands after the last blank line: the text of an event that did not arrive whole. */
  get partial() {
    const rest = this.rest.length ? [this.#text(Buffer.concat(this.rest))] : []
    return [...this.lines, ...rest].join('\n')
  }

  #text(bytes) {
    try {
      return decoder.decode(bytes)
    } catch {
      this.faults.push(`bytes that are not UTF-8: ${bytes.toString('latin1').slice(0, 200)}`)
      return bytes.toString('utf8')
    }
  }

  #line(line) {
    if (!this.started && line.startsWith('\uFEFF')) this.faults.push('a byte order mark')
    this.started = true
    if (line.includes('\r')) this.faults.push(`a carriage return in ${JSON.stringify(line.slice(0, 200))}`)
    if (line === '') return this.#dispatch()
    if (line.startsWith(':')) return this.onComment(line.slice(1).trimStart())
    this.lines.push(line)
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    this.#field(name, value)
  }

  #field(name, value) {
    if (name !== 'data' && this.fields.includes(name)) this.faults.push(`two "${name}" lines in one event`)
    this.fields.push(name)
    if (name === 'data') this.data.push(value)
    else if (name === 'event') this.event = value
    else if (name === 'id' && !value.includes('\0')) this.id = value
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.retry = Number(value)
    else this.faults.push(`an unknown or malformed field: ${JSON.stringify(`${name}: ${value}`.slice(0, 200))}`)
  }

  #dispatch() {
    if (this.id !== undefined) this.lastEventId = this.id
    const named = this.fields.includes('id')
    if (this.data.length) {
      this.onFrame({
        id: named ? this.id : null,
        event: this.event || 'message',
        data: this.data.join('\n'),
        fields: this.fields,
        raw: `${this.lines.join('\n')}\n\n`,
      })
    } else {
      this.faults.push(`a blank line that ends no event; some clients (@microsoft/fetch-event-source) pass it on as one: ${this.lines}`)
    }
    this.#clear()
  }
}
