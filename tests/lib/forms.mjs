// The other forms of a stream: lines of JSON, pages of JSON, and gzip. They are read piece by
// piece, as a client does.
import http from 'node:http'
import { createGunzip, constants } from 'node:zlib'
import { Parser } from './parser.mjs'
import { request } from './sse.mjs'
import { until, within } from './wait.mjs'

const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {})

/** Asks for a JSON page: { status, headers, text, json }. query: after, wait, … */
export function page(daemon, path, { token, query = {}, headers = {}, timeout = 70_000 } = {}) {
  const url = new URL(daemon.url(path))
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return request(url, { headers: { Accept: 'application/json', ...bearer(token), ...headers }, timeout })
}

/** An answer that is still coming. It counts the bytes, and gives each piece to `take`. */
class Coming {
  static async open(daemon, path, { token, headers = {} } = {}, accept) {
    const coming = new this()
    coming.request = http.get(daemon.url(path), { agent: false, headers: { ...accept, ...bearer(token), ...headers } })
    coming.done = new Promise((resolve) => coming.request.once('close', resolve))
    coming.request.on('error', () => {})
    const response = await within(new Promise((resolve, reject) => {
      coming.request.once('response', resolve)
      coming.request.once('error', reject)
    }), 30_000, `an answer to ${path}`)
    Object.assign(coming, { status: response.statusCode, headers: response.headers, response, bytes: 0 })
    response.on('error', () => {})
    response.on('end', () => (coming.whole = true))
    response.on('data', (piece) => {
      coming.bytes += piece.length
      coming.take(piece)
    })
    return coming
  }

  async until(condition, what, timeout = 30_000) {
    try {
      return await until(() => condition(this), { timeout, every: 5, what })
    } catch (error) {
      throw new Error(`${error.message}; so far ${this.shown()}`)
    }
  }

  ended(timeout = 30_000) {
    return within(this.done, timeout, 'the end of the answer')
  }

  async close() {
    this.request.destroy()
    await this.done
  }
}

/** Cuts bytes into whole lines. A piece may end anywhere, even within a character. */
function lineCutter() {
  const decoder = new TextDecoder()
  let rest = ''
  return (piece) => {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop()
    return lines
  }
}

/** A stream in application/x-ndjson. `lines` are parsed, `raw` are texts. */
export class Lines extends Coming {
  raw = []
  cut = lineCutter()

  static open(daemon, path, options) {
    return super.open(daemon, path, options, { Accept: 'application/x-ndjson' })
  }

  take(piece) {
    this.raw.push(...this.cut(piece))
  }

  get lines() {
    return this.raw.map((text) => JSON.parse(text))
  }

  get events() {
    return this.lines.filter(({ event }) => !['connected', 'ping', 'closing', 'expiring'].includes(event))
  }

  async count(count, what = `${count} events`) {
    await this.until(() => this.events.length >= count, what)
    return this.events
  }

  shown() {
    return `${this.raw.length} lines, the last ${this.raw.slice(-3).join(' ').slice(0, 300)}`
  }
}

/** A stream in gzip, of events or of lines. It is decoded as its bytes come. */
export class Zipped extends Coming {
  frames = []
  cut = lineCutter()
  comments = []
  plain = 0
  parser = new Parser({ onFrame: (frame) => this.frames.push(frame), onComment: (text) => this.comments.push(text) })

  static open(daemon, path, options) {
    return super.open(daemon, path, options, { 'Accept-Encoding': 'gzip' })
  }

  take(piece) {
    if (this.headers['content-encoding'] !== 'gzip') return this.#read(piece)
    this.gunzip ??= this.#begin()
    this.gunzip.write(piece)
  }

  // A wrong end (CRC, length, bytes after it) is kept as a fault. A missing end is a fault only if
  // the whole answer has come.
  #begin() {
    const gunzip = createGunzip({ flush: constants.Z_SYNC_FLUSH })
    gunzip.on('data', (piece) => this.#read(piece))
    this.unzipped = new Promise((resolve) => {
      gunzip.on('end', () => resolve('a right end'))
      gunzip.on('error', (error) => resolve((this.fault = error.message)))
    })
    this.response.on('end', () => gunzip.end())
    return gunzip
  }

  #read(piece) {
    this.plain += piece.length
    if (this.headers['content-type'] === 'application/x-ndjson') this.#readLines(piece)
    else this.parser.push(piece)
  }

  #readLines(piece) {
    for (const raw of this.cut(piece)) {
      const { id = '', event } = JSON.parse(raw)
      this.frames.push({ id, event, data: raw.slice(raw.indexOf('"data":') + 7, -1), raw })
    }
  }

  get events() {
    return this.frames.filter(({ event, data }) => !['connected', 'ping', 'closing', 'expiring'].includes(event) && data !== '{"type":"connected"}')
  }

  async count(count) {
    await this.until(() => this.events.length >= count, `${count} events`)
    return this.events
  }

  shown() {
    return `${this.bytes} bytes, ${this.fault ?? 'no fault'}, ${this.frames.length} frames, the last ${JSON.stringify(this.frames.at(-1)?.raw.slice(0, 200))}`
  }
}
