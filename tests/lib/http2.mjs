// HTTP/2 over TLS to a proxy on the loopback, whatever name its certificate has. `eventsource` gets
// a fetch of it, so it asks as a browser does.
import http2 from 'node:http2'
import { Readable } from 'node:stream'
import { EventSource } from 'eventsource'
import { rememberCookies } from './leaks.mjs'
import { within } from './wait.mjs'

export class Http2 {
  /** origin: as in the address bar. ca: the certificate that is trusted. */
  constructor(origin, ca) {
    const { hostname, port } = new URL(origin)
    Object.assign(this, { origin, options: { ca, host: '127.0.0.1', servername: hostname }, connected: new Set(), at: `https://127.0.0.1:${port}` })
  }

  /** A connection. Its requests may share it. */
  connect() {
    const session = http2.connect(this.at, this.options)
    session.setMaxListeners(0)
    session.on('error', () => {}) // its requests tell
    this.connected.add(session)
    session.once('close', () => this.connected.delete(session))
    return session
  }

  /** Asks, and waits for the head of the answer: { status, headers, stream }. */
  async #ask(path, { method = 'GET', headers = {}, body, session, signal } = {}) {
    rememberCookies(headers.Cookie)
    const connection = session ?? this.connect()
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) } // as browsers
    const stream = connection.request({ ':method': method, ':path': path, ':authority': new URL(this.origin).host, ...length, ...headers }, { endStream: body === undefined })
    stream.once('close', () => session || connection.close())
    const answered = new Promise((resolve, reject) => {
      stream.once('response', (head) => {
        const { ':status': status, ...rest } = head
        resolve({ status, headers: Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith(':'))), stream })
      })
      stream.once('error', reject)
      connection.once('error', reject)
      stream.once('close', () => reject(new Error('closed without an answer')))
    })
    answered.catch(() => {})
    stream.on('error', () => {})
    signal?.addEventListener('abort', () => stream.close(http2.constants.NGHTTP2_CANCEL), { once: true })
    if (body !== undefined) stream.end(body)
    return answered
  }

  /** One ordinary request: { status, headers, text }. */
  async request(path, options) {
    const { status, headers, stream } = await this.#ask(path, options)
    const read = async () => {
      const chunks = []
      for await (const chunk of stream) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    }
    return { status, headers, text: await within(read(), 30_000, `the end of an answer to ${path}`) }
  }

  /** An EventSource of the package. session: a connection that it shares with others. */
  eventSource(path, { headers = {}, session } = {}) {
    return new EventSource(`${this.origin}${path}`, {
      fetch: async (url, init) => {
        const { status, headers: fields, stream } = await this.#ask(path, { headers: { ...init.headers, ...headers }, session, signal: init.signal })
        const values = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)]))
        return new Response(Readable.toWeb(stream), { status, headers: values })
      },
    })
  }

  close() {
    for (const session of this.connected) session.destroy()
  }
}
