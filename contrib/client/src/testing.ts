// SPDX-License-Identifier: PostgreSQL
/**
 * testing.ts: a server of streams for tests of applications. It is a function in the place of
 * `fetch`, so there is no network. Give connect(), rows() or a hook `fetch: server.fetch`.
 */
import { compareCursors, isCursor } from './cursor.js'

export { record, replay, type Transcript } from './transcript.js'

export interface ScriptedRequest {
  url: URL
  method: string
  headers: Record<string, string>
}

export interface ScriptedOptions {
  /** The state that the stream begins with. Without it the stream begins without one. */
  state?: () => readonly unknown[]
  /** The answer to POST, such as a request for a ticket. */
  answer?: (request: ScriptedRequest) => Response | undefined
}

interface Told {
  id: string
  text: string
}

const utf8 = new TextEncoder()
const eventText = (name: string, data: unknown, id?: string): string => `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
const json = (status: number, body: unknown, headers?: Record<string, string>): Response => new Response(JSON.stringify(body), { status, headers })

export class ScriptedServer {
  /** all requests so far */
  readonly requests: ScriptedRequest[] = []
  readonly #options: ScriptedOptions
  readonly #open = new Set<ReadableStreamDefaultController<Uint8Array>>()
  #log: Told[] = []
  #tick = 1
  #change = 0
  #lost = '' // a client that resumes from before this id is told `reset`
  #refusals: (() => Response | Error)[] = []

  constructor(options: ScriptedOptions = {}) {
    this.#options = options
  }

  /** In place of the global fetch. */
  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const request = { url: new URL(String(input)), method: init.method ?? 'GET', headers: Object.fromEntries(new Headers(init.headers)) }
    this.requests.push(request)
    init.signal?.throwIfAborted()
    const refusal = this.#refusals.shift()?.()
    if (refusal instanceof Error) throw refusal
    return refusal ?? this.#options.answer?.(request) ?? (request.method === 'POST' ? posted(request) : this.#stream(request, init.signal))
  }

  /** How many streams are open. */
  get open(): number {
    return this.#open.size
  }

  /** Commits an event: it goes to all open streams, and to those that resume. Returns its id. */
  event(name: string, data: unknown): string {
    const id = `${this.#tick}-${++this.#change}`
    this.#log.push({ id, text: eventText(name, data, id) })
    this.raw(this.#log.at(-1)!.text)
    return id
  }

  /** Writes these bytes into all open streams, as they are. */
  raw(text: string): void {
    for (const stream of this.#open) stream.enqueue(utf8.encode(text))
  }

  /** The server ends all streams, with this reason. */
  closing(reason: string): void {
    this.raw(eventText('closing', { reason }))
    this.cut()
  }

  /** All connections are lost. */
  cut(): void {
    for (const stream of this.#open) stream.error(new TypeError('the connection was lost'))
    this.#open.clear()
  }

  /** Forgets what was told so far. Who resumes from before is told `reset`. */
  forget(): void {
    this.#lost = `${++this.#tick}-0`
    this.#log = []
    this.#change = 0
  }

  /** Refuses the next request. Without a status it cannot be reached. */
  refuse(status?: number, message = 'no', headers?: Record<string, string>): void {
    this.#refusals.push(() => (status === undefined ? new TypeError('fetch failed') : json(status, { success: false, errors: [message] }, headers)))
  }

  #stream({ headers }: ScriptedRequest, signal?: AbortSignal | null): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(utf8.encode(this.#beginning(headers['last-event-id'] ?? '')))
        this.#open.add(stream)
        signal?.addEventListener('abort', () => this.#open.delete(stream) && stream.error(signal.reason))
      },
    })
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
  }

  #beginning(after: string): string {
    const head = `${this.#tick}-${this.#change}`
    const connected = (id?: string): string => `retry: 1\n${eventText('connected', { message: 'SSE connected' }, id)}`
    if (after === '') return this.#options.state ? connected() + this.#state(head) : connected(head)
    if (isCursor(after) && compareCursors(after, this.#lost || '0-0') >= 0) return connected(after) + this.#behind(after)
    const reset = (id: string): string => connected() + eventText('reset', { reason: 'expired' }, id)
    return this.#options.state ? reset('') + this.#state(head) : reset(head)
  }

  #behind(after: string): string {
    return this.#log.filter(({ id }) => compareCursors(id, after) > 0).map(({ text }) => text).join('')
  }

  #state(head: string): string {
    const items = this.#options.state!()
    return items.map((item) => eventText('snapshot', item)).join('') + eventText('ready', { items: items.length }, head)
  }
}

function posted({ url }: ScriptedRequest): Response {
  return url.pathname.endsWith('/ticket') ? json(201, { ticket: 'ticket', expires_in: 30 }) : json(200, { expires_in: 3600 })
}

/** A server of streams that does what the test says. */
export function scripted(options?: ScriptedOptions): ScriptedServer {
  return new ScriptedServer(options)
}
