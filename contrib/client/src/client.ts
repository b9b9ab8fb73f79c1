// SPDX-License-Identifier: PostgreSQL
/**
 * client.ts: joins the parts. A feed calls the callbacks of the application, a source keeps the
 * connection, and Tabs share it between tabs.
 */
import { Access } from './access.js'
import { Feed, guarded } from './feed.js'
import { nameOf } from './identity.js'
import { watchPage } from './page.js'
import { Source, type SourceOptions } from './source.js'
import { canShare, Tabs } from './tabs.js'
import { StreamError, type Item, type Stream, type StreamOptions, type StreamState } from './types.js'

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
  readonly #feed: Feed
  readonly #source: Source
  readonly #leavePage: () => void
  #tabs: Tabs | undefined
  #state: StreamState = 'connecting'
  #turn = 0 // changes when a begin() that is under way must give up
  #closed = false

  constructor(options: StreamOptions) {
    this.#options = options
    this.#settings = sourceOptions(options)
    this.#access = new Access(options)
    this.#access.onIdentity = () => this.#tabs && this.#begin()
    this.#feed = new Feed(options, (error) => this.#tellError(error))
    this.#source = new Source(this.#access, {
      resumeFrom: () => this.#feed.resumeFrom(),
      take: (item) => this.#take(item),
      state: (state) => (this.#tabs ? this.#tabs.tellState(state) : this.#show(state)),
      error: (error) => this.#fail(error),
      heard: () => this.#tabs?.beat(),
    }, this.#settings)
    this.#leavePage = watchPage({ away: () => this.#part(), back: () => void this.#begin() })
    void this.#begin()
  }

  get state(): StreamState {
    return this.#state
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
  }

  reconnect(): void {
    if (this.#closed) return
    if (this.#state === 'closed') void this.#begin()
    else if (this.#tabs) this.#tabs.reconnect()
    else this.#source.restart()
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
    this.#show('connecting')
    await Promise.resolve() // a caller that closes at once makes no request
    const name = turn === this.#turn ? await this.#sharedName() : undefined
    if (turn !== this.#turn) return
    if (name) this.#tabs = this.#join(name)
    else this.#source.start()
  }

  /** The name under which tabs share a connection. Undefined if this tab has one of its own. */
  async #sharedName(): Promise<string | undefined> {
    if (this.#options.share === false || !(await canShare())) return undefined
    try {
      const identity = await this.#access.identity()
      return identity === undefined ? undefined : await nameOf(this.#access.url.href, identity)
    } catch {
      return undefined // there is no token; the source tells that, and asks again
    }
  }

  #join(name: string): Tabs {
    return new Tabs(name, this.#settings.staleAfter, {
      resumeFrom: () => this.#feed.resumeFrom(),
      received: () => this.#feed.received,
      take: (item) => this.#feed.take(item),
      state: (state) => this.#show(state),
      connect: () => this.#source.start(),
      disconnect: () => this.#source.stop(),
      reconnect: () => this.#source.restart(),
    })
  }

  #take(item: Item): void {
    if (this.#feed.take(item)) this.#tabs?.tell(item)
  }

  #fail(error: StreamError): void {
    if (error.final) {
      this.#part() // another tab may have a better token
      this.#show('closed')
    }
    this.#tellError(error) // after the state, because onError may call reconnect()
  }

  #tellError(error: StreamError): void {
    if (!this.#closed) guarded(() => this.#options.onError?.(error))
  }

  #show(state: StreamState): void {
    if (this.#closed || state === this.#state || (state === 'connecting' && this.#state === 'stale')) return
    this.#state = state
    guarded(() => this.#options.onState?.(state))
  }
}

/**
 * Opens a stream and keeps it open until close(). Throws a TypeError if options.url is no address.
 * All other errors go to onError.
 */
export function connect(options: StreamOptions): Stream {
  return new Client(options)
}
