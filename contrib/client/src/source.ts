// SPDX-License-Identifier: PostgreSQL
/**
 * source.ts: keeps one connection, and makes it again whenever it is lost. The source keeps no
 * cursor. Its sink says where to go on, and takes what comes.
 *
 * It asks page by page if a proxy holds streams back. Its modes:
 * - stream: the usual one. After two attempts without a byte, the mode is probe.
 * - probe: asks for a page at once. An answer means that a proxy holds streams back, so the mode is
 *   pages. Without an answer the mode is stream.
 * - pages: after `again` ms the mode is stream. One attempt without a byte then leads to probe.
 */
import type { Access } from './access.js'
import type { Ending } from './answer.js'
import { Backoff, Silence } from './backoff.js'
import { Breath } from './breath.js'
import { itemOf, type Control } from './items.js'
import { offline, watchPage } from './page.js'
import { inTime, unlessAborted } from './patience.js'
import { Parser } from './parser.js'
import { StreamError, type Item, type Sink } from './types.js'

export interface SourceOptions {
  staleAfter: number
  backoff: { min?: number; max?: number }
  /** in ms; undefined means never page by page */
  fallback: { after: number; again: number } | undefined
}

const stableMs = 10_000 // a connection that was open for longer resets the backoff
const answerMs = 20_000 // for the head of an answer, which the server may hold for 10 s
const pieceBytes = 32_768 // that are read in one go
const mutesMax = 2 // attempts without a byte

export class Source {
  readonly #access: Access
  readonly #sink: Sink
  readonly #options: SourceOptions
  readonly #backoff: Backoff
  #attempt: AbortController | undefined // after abort(), its reason is an Ending
  #wake: () => void = () => {}
  #leave: () => void = () => {}
  #silence: Silence | undefined
  #loop: object | undefined // the loop that start() has begun and stop() ends
  #retry = 0 // ms that the server asks for by `retry:`
  #mode: 'stream' | 'probe' | 'pages' = 'stream'
  #pagesUntil = 0
  #mutes = 0
  #renew = false // the last token was refused, or has expired
  #hurried = false // restart() was called, so nothing waits for the network
  #openedAt = 0
  #closing: { reason: string; retry: boolean } | undefined // what the server's `closing` event says

  constructor(access: Access, sink: Sink, options: SourceOptions) {
    this.#access = access
    this.#sink = sink
    this.#options = options
    this.#backoff = new Backoff(options.backoff)
  }

  start(): void {
    if (this.#loop) return
    const loop = (this.#loop = {})
    this.#leave = watchPage({ online: () => this.restart(), shown: () => this.#look() })
    void this.#run(loop)
  }

  stop(): void {
    this.#loop = undefined
    this.#leave()
    this.#end({ then: 'now' })
    this.#wake()
  }

  /** Makes a new connection at once. */
  restart(): void {
    this.#hurried = true
    this.#backoff.reset()
    this.#end({ then: 'now' })
    this.#wake()
  }

  // A page that was asleep had no timers, so it looks now.
  #look(): void {
    this.#silence?.check()
    this.#wake()
  }

  #end(ending: Ending): void {
    this.#attempt?.abort(ending)
  }

  async #run(loop: object): Promise<void> {
    this.#sink.state('connecting')
    await Promise.resolve() // a caller that stops at once makes no request
    while (this.#loop === loop) {
      const ending = await this.#try()
      if (this.#loop !== loop) return
      this.#access.log(`the attempt has ended: ${ending.then}`, 'error' in ending ? ending.error.message : undefined)
      await this.#goOn(this.#judge(ending))
    }
  }

  async #goOn(ending: Ending): Promise<void> {
    if (ending.then === 'never') this.stop()
    else this.#sink.state('connecting')
    if ('error' in ending) this.#sink.error(ending.then === 'never' ? final(ending.error) : ending.error)
    if (ending.then !== 'never') await this.#pause(ending)
  }

  async #try(): Promise<Ending> {
    const attempt = (this.#attempt = new AbortController())
    this.#openedAt = 0
    this.#hurried = false
    this.#closing = undefined
    try {
      return await (this.#mode === 'stream' ? this.#stream(attempt.signal) : this.#pages(attempt.signal))
    } catch (error) {
      return attempt.signal.aborted ? (attempt.signal.reason as Ending) : await this.#failed(error)
    } finally {
      attempt.abort() // lets go of the socket
      if (this.#attempt === attempt) this.#silence?.stop()
    }
  }

  // If not even this module comes, the network is away.
  async #failed(failure: unknown): Promise<Ending> {
    try {
      return await (await inTime(import('./hints.js'))).endingOf(failure, this.#access)
    } catch {
      return late
    }
  }

  // Remembers what the next attempt must know of this ending. Returns what follows.
  #judge(ending: Ending): Ending {
    if (this.#openedAt > 0 && Date.now() - this.#openedAt > stableMs) this.#backoff.reset()
    if (this.#mode === 'probe') this.#mode = 'stream' // no page came either, so no proxy holds streams back
    if (ending.then === 'mute' && ++this.#mutes >= mutesMax) [this.#mode, this.#mutes] = ['probe', 0]
    if (ending.then !== 'refused') return ending
    if (this.#renew || !this.#access.renewable) return { then: 'never', error: ending.error }
    this.#renew = true
    return { then: 'now' }
  }

  async #pause(ending: Ending): Promise<void> {
    const [now, long] = [Date.now(), this.#options.backoff.max ?? 30_000]
    if (ending.then === 'later') await this.#sleep(this.#backoff.next(Math.max(this.#retry, ending.floor ?? 0)))
    else if (ending.then === 'soon') await this.#sleep(this.#backoff.soon())
    if (offline() && !this.#hurried) await this.#sleep(long - (Date.now() - now)) // until `online`, but browsers are wrong about that at times
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#loop) return resolve() // onError has closed the stream
      const timer = setTimeout(resolve, ms)
      this.#wake = () => (clearTimeout(timer), resolve())
    })
  }

  #opened(): void {
    this.#openedAt ||= Date.now()
    this.#renew = false
    this.#sink.state('open')
  }

  // --- a stream ---

  async #stream(signal: AbortSignal): Promise<Ending> {
    const after = this.#sink.resumeFrom(), { fallback, staleAfter } = this.#options
    const nothing: Ending = fallback ? { then: 'mute' } : late
    this.#watch(answerMs, nothing)
    await this.#sink.prepare()
    let waits = true // what an end means is loaded now, because the server may be away then
    import('./hints.js').then(({ noteConnection }) => noteConnection(this.#access.url.origin, signal, (error) => waits && this.#sink.error(error)), () => {})
    const response = await this.#fetch(signal, 'text/event-stream', after && { header: after })
    waits = false
    if (!response.body) return nothing // this browser cannot read an answer as it comes
    this.#watch(fallback?.after ?? staleAfter, nothing)
    const reader = response.body.getReader()
    const parser = this.#parser(after === '', signal), breath = new Breath()
    for (let first = true; ; first = false) {
      const { done, value } = await reader.read()
      if (done) return lost
      if (first) this.#watch(staleAfter, { then: 'now' }, true)
      this.#silence!.heard()
      this.#sink.heard()
      for (let from = 0; from < value.length; from += pieceBytes) {
        parser.push(value.subarray(from, from + pieceBytes))
        await breath.take()
        if (signal.aborted) throw signal.reason
      }
      if (this.#closing !== undefined) return this.#closed(this.#closing)
    }
  }

  // Another token is asked for once. If that one is refused too, this is the end.
  async #closed({ reason, retry }: { reason: string; retry: boolean }): Promise<Ending> {
    const renewable = this.#access.renewable
    if (reason === 'expired' || retry) this.#renew = renewable
    const { endingOfClosing } = await inTime(import('./hints.js'))
    return endingOfClosing(reason, retry && renewable)
  }

  // Ends the attempt after `ms` without a byte. stale: shows that state then.
  #watch(ms: number, ending: Ending, stale = false): void {
    this.#silence?.stop()
    this.#silence = new Silence(ms, () => {
      if (stale) this.#sink.state('stale')
      this.#end(ending)
    })
  }

  #parser(fresh: boolean, signal: AbortSignal): Parser {
    return new Parser({
      onRetry: (ms) => (this.#retry = ms),
      onEvent: (event) => {
        if (signal.aborted) return // the application has said so at an event before
        const item = itemOf(event, fresh, this.#access.parse)
        if ('name' in item) this.#control(item)
        else if (this.#closing === undefined) this.#take(item)
      },
    })
  }

  #take(item: Item): void {
    this.#mutes = 0
    this.#sink.take(item)
    this.#opened()
  }

  #control({ name, data }: Control): void {
    if (name === 'closing') this.#closing = { reason: String(data['reason']), retry: data['retry'] === true }
    else if (typeof data['stream'] === 'string') this.#access.renew(data['stream']).catch(() => {}) // the server will say `expired`
  }

  // --- page by page ---

  async #pages(signal: AbortSignal): Promise<Ending> {
    const { readPages } = await inTime(import('./paging.js')), { after, again } = this.#options.fallback!
    await readPages({
      first: this.#mode === 'probe',
      signal,
      parse: this.#access.parse,
      resumeFrom: () => this.#sink.resumeFrom(),
      take: (item) => this.#take(item),
      ask: (wait) => {
        this.#watch(wait * 1000 + (this.#mode === 'probe' ? after : answerMs), late)
        return this.#fetch(signal, 'application/json', { query: this.#sink.resumeFrom(), wait })
      },
      came: () => {
        this.#silence!.stop()
        if (this.#mode === 'probe') [this.#mode, this.#pagesUntil] = ['pages', Date.now() + again]
        this.#sink.heard()
        return this.#pagesUntil
      },
    })
    ;[this.#mode, this.#mutes] = ['stream', mutesMax - 1]
    return { then: 'now' }
  }

  async #fetch(signal: AbortSignal, type: string, place: '' | { header: string } | { query: string; wait: number }): Promise<Response> {
    this.#access.log(`asks for ${type}`, place)
    const { url, headers } = await unlessAborted(signal, this.#access.request({ renew: this.#renew }))
    headers['Accept'] = type
    if (place && 'header' in place) headers['Last-Event-ID'] = place.header
    if (place && 'query' in place) {
      if (place.query) url.searchParams.set('after', place.query)
      url.searchParams.set('wait', String(place.wait))
    }
    const response = await this.#access.fetch(url, { headers, signal, cache: 'no-store' })
    this.#access.log(`the answer is ${response.status}`)
    if (!response.ok) throw response
    if (!response.headers.get('Content-Type')?.startsWith(type)) throw new StreamError(`The answer is no ${type}: is this the address of a stream?`, false)
    return response
  }
}

const late: Ending = { then: 'later', error: new StreamError('The server does not answer', false) }
const lost: Ending = { then: 'later', error: new StreamError('The connection was lost', false) }
const final = (error: StreamError): StreamError => new StreamError(error.message, true, error.status, error.hint)
