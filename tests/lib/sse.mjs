// A subscriber that keeps all that it receives: each frame with its bytes and its time of arrival,
// each comment, each connection. It resumes with Last-Event-ID as browsers do. At the end of this
// file is the real `eventsource` package, with the headers that a test wants.
import http from 'node:http'
import { EventSource } from 'eventsource'
import { remember, rememberCookies } from './leaks.mjs'
import { Parser } from './parser.mjs'
import { now, until, within } from './wait.mjs'

const control = new Set(['connected', 'snapshot', 'ready', 'reset', 'left', 'bulk', 'expiring', 'closing', 'schema'])

export class Subscriber {
  /**
   * Connects, and waits for the answer's head. A status other than 200 is an answer, not an error.
   */
  static async open(url, options = {}) {
    const subscriber = new Subscriber(url, options)
    await subscriber.connect()
    return subscriber
  }

  /**
   * token goes into `Authorization: Bearer`. lastEventId is where to resume. With reconnect the
   * subscriber comes back by itself until close(). It is true, or a function that returns the pause
   * in ms.
   */
  constructor(url, { token, headers = {}, lastEventId = '', reconnect = false, name = url } = {}) {
    Object.assign(this, { url: String(url), token, headers, lastEventId, reconnect, name })
    this.frames = []
    this.comments = []
    this.connections = []
    this.faults = []
    this.read = 0
    this.watchers = new Set()
    this.closed = false
  }

  /** All frames that carry a change. Control events do not. */
  get events() {
    return this.frames.filter((frame) => !control.has(frame.name))
  }

  get current() {
    return this.connections.at(-1)
  }

  get status() {
    return this.current.status
  }

  get open() {
    return Boolean(this.current) && !this.current.ended && this.current.status === 200
  }

  connect({ timeout = 30_000 } = {}) {
    clearTimeout(this.timer)
    const connection = { index: this.connections.length, startedAt: now(), resumedFrom: this.lastEventId, head: '', status: 0, ended: false }
    this.connections.push(connection)
    connection.request = http.get(this.url, { agent: false, headers: this.#headers() })
    const answered = new Promise((resolve, reject) => {
      connection.request.once('response', (response) => resolve(this.#receive(connection, response)))
      connection.request.on('error', (error) => reject(error))
      connection.request.once('close', () => reject(new Error('closed without an answer')))
    })
    answered.catch(() => {})
    connection.done = new Promise((resolve) => connection.request.once('close', resolve))
    connection.done.then(() => this.#ended(connection))
    return within(answered, timeout, `an answer to ${this.url}`)
  }

  #headers() {
    const headers = { Accept: 'text/event-stream', Connection: 'keep-alive', ...this.headers }
    if (this.token) headers.Authorization = `Bearer ${this.token}`
    if (this.lastEventId) headers['Last-Event-ID'] = this.lastEventId
    rememberCookies(headers.Cookie)
    return headers
  }

  #receive(connection, response) {
    Object.assign(connection, { response, status: response.statusCode, headers: response.headers, openedAt: now() })
    const parser = (connection.parser = new Parser({
      lastEventId: this.lastEventId,
      onFrame: (frame) => this.#frame(connection, frame),
      onComment: (text) => this.comments.push({ text, at: now() }),
    }))
    response.on('data', (chunk) => {
      if (connection.head.length < 4096) connection.head += chunk.toString('utf8')
      if (connection.status === 200) parser.push(chunk)
      this.#notify()
    })
    response.on('error', () => {})
    return this
  }

  #frame(connection, frame) {
    this.lastEventId = connection.parser.lastEventId
    frame.at = now()
    frame.connection = connection.index // what was still to be read of an old one may come after a new one began
    frame.name = frame.event === 'message' ? typeOf(frame.data) ?? 'message' : frame.event
    this.frames.push(frame)
  }

  #ended(connection) {
    connection.ended = true
    connection.endedAt = now()
    connection.partial = connection.parser?.partial ?? ''
    this.faults.push(...(connection.parser?.faults ?? []))
    this.#notify()
    if (!this.reconnect || this.closed || connection !== this.current) return
    const pause = typeof this.reconnect === 'function' ? this.reconnect() : 50
    this.timer = setTimeout(() => this.connect().catch(() => {}), pause)
    // A test that waits for it has a deadline of its own. When a test has failed, nobody waits any
    // more.
    this.timer.unref()
  }

  #notify() {
    for (const watcher of this.watchers) watcher()
  }

  /**
   * The next frame for which `wanted` holds, after those that next() has returned before. wanted: a
   * function, or an event's name. Frames before it are passed over.
   */
  async next(wanted = () => true, timeout = 60_000) {
    const matches = typeof wanted === 'string' ? (frame) => frame.name === wanted : wanted
    const found = await this.when(() => {
      for (; this.read < this.frames.length; ) {
        const frame = this.frames[this.read++]
        if (matches(frame)) return frame
      }
    }, timeout, () => `a frame of ${this.name}: ${wanted}; the last ones: ${this.tail()}`)
    return found
  }

  /** Waits until `condition` returns something true. It is asked whenever bytes arrive. */
  when(condition, timeout = 60_000, what = () => String(condition)) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer)
        this.watchers.delete(look)
        settle(value)
      }
      const look = () => {
        const value = condition()
        if (value) finish(resolve, value)
      }
      const timer = setTimeout(() => finish(reject, new Error(`not within ${timeout} ms: ${what()}`)), timeout)
      this.watchers.add(look)
      look()
    })
  }

  tail(count = 5) {
    return JSON.stringify(this.frames.slice(-count).map(({ id, event, data }) => ({ id, event, data: data.slice(0, 200) })))
  }

  /** Waits until the other side ends the stream. */
  ended(timeout = 60_000) {
    return within(this.current.done, timeout, `end of the stream ${this.name}`)
  }

  /** Stops reading. The kernel's buffers fill. After that the daemon's patience counts. */
  pause() {
    this.paused = this.current.response
    this.paused.pause()
  }

  /**
   * Goes on reading where it stopped. That connection may have ended meanwhile, and another one may
   * be on its way.
   */
  resume() {
    this.paused.resume()
  }

  /**
   * Breaks the connection, as a network does. With `reconnect` the subscriber comes back by itself.
   */
  drop() {
    this.current?.request.destroy()
  }

  async close() {
    this.closed = true
    clearTimeout(this.timer)
    this.drop()
    await this.current?.done
  }
}

// In format `message` the name of an event is "type" in its data.
function typeOf(data) {
  try {
    return JSON.parse(data).type
  } catch {
    return undefined
  }
}

/** `<tick>-<change>` as two BigInts. */
export function parseId(id) {
  const match = /^(\d+)-(\d+)$/.exec(id ?? '')
  if (!match) throw new Error(`not an id: ${id}`)
  return [BigInt(match[1]), BigInt(match[2])]
}

export function compareIds(a, b) {
  const [x, y] = [parseId(a), parseId(b)]
  const compare = (p, q) => (p < q ? -1 : p > q ? 1 : 0)
  return compare(x[0], y[0]) || compare(x[1], y[1])
}

/** One ordinary request: { status, headers, text, json }. */
export function request(url, { method = 'GET', headers = {}, body, timeout = 30_000 } = {}) {
  rememberCookies(headers.Cookie)
  const answer = new Promise((resolve, reject) => {
    const req = http.request(url, { method, headers, agent: false }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const json = parseJson(text)
        remember(json?.ticket, 'a ticket')
        resolve({ status: response.statusCode, headers: response.headers, text, json })
      })
    })
    req.on('error', reject)
    req.setTimeout(timeout, () => req.destroy(new Error(`no answer to ${method} ${url}`)))
    req.end(body)
  })
  return answer
}

function parseJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The `eventsource` package's client, for the snippets that applications use. */
export function eventSource(url, { headers = {} } = {}) {
  return new EventSource(String(url), {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  })
}

/** The first event of an EventSource for which `wanted` holds. */
export async function eventOf(source, type, wanted = () => true, timeout = 60_000) {
  let found
  source.addEventListener(type, (event) => (found ??= wanted(event) ? event : undefined))
  return until(() => found, { timeout, what: `event ${type} of the eventsource client` })
}
