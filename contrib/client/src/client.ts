// SPDX-License-Identifier: PostgreSQL
/**
 * client.ts: joins the parts. A feed calls the callbacks of the application, a source keeps the
 * connection, and Tabs share it between tabs.
 */
import { Access } from './access.js'
import type { AnyEvent, EventOf, Handler } from './events.js'
import { Feed, guarded } from './feed.js'
import { Listeners } from './listeners.js'
import { inTime } from './patience.js'
import { watchPage } from './page.js'
import { Source, type SourceOptions } from './source.js'
import type { Tabs } from './tabs.js'
import { StreamError, type Item, type Stream, type StreamEvent, type StreamOptions, type StreamState } from './types.js'

const heartbeatMs = 30_000
const dayMs = 86_400_000 // the most for staleAfter, because timers take no Infinity

function sourceOptions({ staleAfter = 2.5 * heartbeatMs, backoff = {}, fallback = true }: StreamOptions): SourceOptions {
  const { after = 5000, again = 180_000 } = typeof fallback === 'object' ? fallback : {}
  return { staleAfter: Math.min(staleAfter, dayMs), backoff, fallback: fallback ? { after, again } : undefined }
}

class Client implements Stream {
  readonly #options: StreamOptions
  readonly #settings: SourceOptions
  readonly #access: Access
  readonly #listeners: Listeners
  readonly #feed: Feed
  readonly #source: Source
  readonly #leavePage: () => void
  #tabs: Tabs | undefined
  #state: StreamState | undefined // undefined before onState has been called
  #error: StreamError | null = null
  #turn = 0 // changes when a begin() that is under way must give up
  #closed = false

  constructor(options: StreamOptions) {
    this.#options = options
    this.#settings = sourceOptions(options)
    this.#access = new Access(options)
    this.#access.onIdentity = () => this.#tabs && this.#begin()
    this.#listeners = new Listeners(options, guarded)
    this.#feed = new Feed({
      keys: options.keys,
      lastEventId: options.lastEventId,
      parse: options.parse,
      onEvent: (event) => this.#listeners.tell(event),
      onReset: (reason) => this.#listeners.reset(reason),
    }, (error) => this.#tellError(error))
    this.#source = new Source(this.#access, {
      resumeFrom: () => this.#feed.resumeFrom(),
      take: (item) => this.#take(item),
      state: (state) => (this.#tabs ? this.#tabs.tellState(state) : this.#show(state)),
      error: (error) => this.#fail(error),
      heard: () => this.#tabs?.beat(),
      prepare: () => this.#feed.prepare(),
    }, this.#settings)
    this.#leavePage = watchPage({ away: () => this.#part(), back: () => void this.#begin() })
    if (options.signal) this.#obey(options.signal)
    void this.#begin()
  }

  #obey(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.close(), { once: true })
    if (signal.aborted) queueMicrotask(() => this.close())
  }

  get state(): StreamState {
    return this.#state ?? 'connecting'
  }

  get error(): StreamError | null {
    return this.#error
  }

  get cursor(): string {
    return this.#feed.delivered
  }

  close(): void {
    if (this.#closed) return
    this.#part()
    this.#leavePage()
    this.#show('closed')
    this.#closed = true
    this.#feed.close()
    this.#listeners.end()
  }

  reconnect({ fresh = false } = {}): void {
    if (this.#closed) return
    if (fresh) this.#part() // no item of the connection before may come after this
    if (fresh) this.#feed.forget()
    if (fresh || this.#state === 'closed') void this.#begin()
    else if (this.#tabs) this.#tabs.reconnect()
    else this.#source.restart()
  }

  on(name: string, handler: Handler<StreamEvent, string>): () => void {
    return this.#listeners.on(name, handler)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<StreamEvent> {
    return this.#listeners.loop(() => this.close())
  }

  // Lets go of the connection and the tabs. begin() goes on at the cursor of this tab.
  #part(): void {
    this.#turn++
    this.#source.stop()
    this.#tabs?.close()
    this.#tabs = undefined
  }

  async #begin(): Promise<void> {
    this.#part()
    const turn = this.#turn
    if (this.#state) this.#show('connecting')
    await Promise.resolve() // a caller that closes at once makes no request
    if (turn !== this.#turn) return
    this.#show('connecting')
    await this.#feed.prepare().catch(() => {}) // an attempt tells that
    const join = await this.#meeting()
    if (turn !== this.#turn) return
    if (join) this.#tabs = join()
    else this.#source.start()
  }

  /** Joins those who share a connection. Undefined if this stream has one of its own. */
  async #meeting(): Promise<(() => Tabs) | undefined> {
    if (this.#options.share === false || typeof globalThis.document !== 'object') return undefined
    try {
      const { meeting } = await inTime(import('./sharing.js'))
      return await meeting(this.#access, this.#feed, this.#source, {
        staleAfter: this.#settings.staleAfter,
        state: (state) => this.#show(state),
        error: (error) => this.#tellError(error),
      })
    } catch {
      return undefined // there is no token, or no module; the source tells that, and asks again
    }
  }

  #take(item: Item): void {
    if (this.#feed.take(item)) this.#tabs?.tell(item)
  }

  #fail(error: StreamError): void {
    if (error.final) {
      this.#part() // another tab may have a better token
      this.#show('closed')
    }
    else this.#tabs?.tellError(error)
    this.#tellError(error) // after the state, because onError may call reconnect()
    if (error.final && this.#state === 'closed') this.#listeners.end(error)
  }

  #tellError(error: StreamError): void {
    this.#error = error
    if (!this.#closed) guarded(() => this.#options.onError?.(error))
  }

  #show(state: StreamState): void {
    if (this.#closed || state === this.#state || (state === 'connecting' && this.#state === 'stale')) return
    this.#state = state
    if (state === 'open') this.#error = null
    this.#access.log(state)
    guarded(() => this.#options.onState?.(state))
  }
}

/**
 * Opens a stream and keeps it open until close(). Throws a TypeError if options.url is no address.
 * All other errors go to onError.
 *
 * connect<Streams, '/my/orders'>() knows the events of that path. Streams is the interface that
 * `pgherald types` prints.
 */
export function connect<E extends AnyEvent = StreamEvent>(options: StreamOptions<E>): Stream<E>
export function connect<S extends object, P extends keyof S & string>(options: StreamOptions<EventOf<S, P>>): Stream<EventOf<S, P>>
export function connect(options: StreamOptions): Stream {
  return new Client(options)
}
