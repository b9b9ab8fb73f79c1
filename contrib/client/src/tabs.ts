// SPDX-License-Identifier: PostgreSQL
/**
 * tabs.ts: one connection for all tabs of a browser that want the same stream as the same identity. Who holds the Web Lock leads: it has the
 * connection, and tells the others what comes by a BroadcastChannel.
 *
 * Each tab has a cursor of its own and takes what lies behind it, so whoever leads, nothing comes twice. And nothing is lost: a tab joins a leader by
 * telling its cursor; it gets what the leader has told since, from the few events that each tab remembers. What lies further back, or a state that the
 * stream begins with, it gets by a connection of its own (`alone`), and joins then.
 */
import { Silence } from './backoff.js'
import { isCursor, isKnown } from './cursor.js'
import type { Item, StreamState } from './types.js'

/** The tab's side of it. */
export interface TabsHost {
  /** where this tab is */
  resumeFrom(): string
  received(): string
  /** from the leader; false: it was known already */
  take(item: Item): boolean
  state(state: StreamState): void
  /** its own connection */
  connect(): void
  disconnect(): void
  reconnect(): void
}

type Message = { from: string } & (
  | { kind: 'leader' } // leads now, or can take in others now
  | { kind: 'join'; cursor: string; epoch: string }
  | { kind: 'welcome'; to: string; count: number; cursor: string; epoch: string; state: StreamState; plain: boolean | undefined; items: Item[] }
  | { kind: 'alone'; to: string; upto: string } // get up to there by yourself
  | { kind: 'item'; count: number; item: Item; epoch: string }
  | { kind: 'state'; state: StreamState }
  | { kind: 'beat'; count: number } // so many items until now
  | { kind: 'reconnect' }
)

/** Whether locks and channels may be used here: a frame in a sandbox, or of a site that may keep no data, has them and is refused. */
export async function canShare(): Promise<boolean> {
  if (typeof globalThis.document !== 'object') return false
  try {
    new BroadcastChannel('pgherald').close()
    await navigator.locks.query()
    return true
  } catch {
    return false
  }
}

const someId = (): string => Math.random().toString(36).slice(2) + Date.now().toString(36)

/** The last events, as a leader tells them to who comes late. */
export class Recent {
  /** all events behind this one are here; empty: none */
  from = ''
  #items: (Item & { kind: 'event' })[] = []
  readonly #most: number

  constructor(most = 500) {
    this.#most = most
  }

  add(item: Item, received: string): void {
    if (received === '' || item.kind === 'reset' || this.from === '') [this.from, this.#items] = [received, []]
    else if (item.kind === 'event' && item.id) this.#items.push(item)
    if (this.#items.length > this.#most) this.from = this.#items.shift()!.id
  }

  /** Undefined: it is not known what lies behind this cursor. */
  behind(cursor: string): Item[] | undefined {
    if (!isCursor(cursor) || !isCursor(this.from) || (cursor !== this.from && isKnown(cursor, this.from))) return undefined
    return this.#items.filter(({ id }) => !isKnown(id, cursor))
  }
}

export class Tabs {
  readonly #host: TabsHost
  readonly #name: string
  readonly #channel: BroadcastChannel
  readonly #me = someId()
  readonly #recent = new Recent()
  readonly #dog: Silence // nothing of a leader for too long: it was put to sleep
  readonly #beat: ReturnType<typeof setInterval>
  readonly #beatMs: number
  #role: 'waiting' | 'following' | 'alone' | 'leading' = 'waiting'
  #leader = ''
  #count = 0 // of what the leader has told
  #epoch = '' // changes where cursors of before mean nothing any more; empty: what the server itself has told last
  #upto = '' // `alone` up to there
  #plain: boolean | undefined // no state at the beginning
  #state: StreamState = 'connecting'
  #beatAt = 0
  #release: () => void = () => {}
  #waiting: AbortController | undefined
  #closed = false

  constructor(name: string, staleAfter: number, host: TabsHost) {
    this.#name = name
    this.#host = host
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data)
    this.#dog = new Silence(staleAfter * (1 + Math.random() / 2), () => this.#queue(true))
    this.#beatMs = staleAfter / 4
    this.#beat = setInterval(() => this.beat(), this.#beatMs)
    this.#queue(false)
    this.#join()
  }

  close(): void {
    this.#closed = true
    this.#dog.stop()
    clearInterval(this.#beat)
    this.#waiting?.abort()
    this.#release()
    this.#channel.close()
  }

  reconnect(): void {
    if (this.#role === 'following') this.#say({ kind: 'reconnect' })
    else this.#host.reconnect()
  }

  /** The leader's connection lives. */
  beat(): void {
    if (this.#role !== 'leading' || Date.now() - this.#beatAt < this.#beatMs / 2) return
    this.#beatAt = Date.now()
    this.#say({ kind: 'beat', count: this.#count })
  }

  /** What the own connection yields, once the tab has taken it. */
  tell(item: Item): void {
    const before = this.#recent.from, received = this.#host.received()
    this.#learn(item)
    this.#recent.add(item, received)
    if (item.kind === 'reset') this.#epoch = this.#role === 'leading' ? someId() : ''
    if (this.#role === 'leading') {
      this.#say({ kind: 'item', count: ++this.#count, item, epoch: this.#epoch })
      if (before === '' && received !== '') this.#say({ kind: 'leader' })
    } else if (received !== '' && (this.#upto === '' || !isKnown(received, this.#upto) || received === this.#upto)) {
      this.#join()
    }
  }

  /** The state of the own connection. */
  tellState(state: StreamState): void {
    this.#show(state)
    if (this.#role === 'leading') this.#say({ kind: 'state', state })
  }

  #show(state: StreamState): void {
    this.#state = state
    this.#host.state(state)
  }

  #learn(item: Item): void {
    if (item.kind === 'begin' && item.fresh) this.#plain = item.id !== ''
    if (item.kind === 'event' && item.event === 'snapshot') this.#plain = false
  }

  #say(message: Omit<Message, 'from'> & Record<string, unknown>): void {
    if (!this.#closed) this.#channel.postMessage({ from: this.#me, ...message })
  }

  // --- the lock ---

  /** steal: from a leader that is silent. */
  #queue(steal: boolean): void {
    this.#waiting?.abort()
    const waiting = (this.#waiting = new AbortController())
    const options = steal ? { steal } : { signal: waiting.signal }
    navigator.locks.request(this.#name, options, () => this.#lead(waiting.signal)).catch(() => this.#lost(waiting.signal))
  }

  // Leads until the promise is fulfilled.
  #lead(waiting: AbortSignal): Promise<void> | void {
    if (this.#closed || waiting.aborted) return
    const wasAlone = this.#role === 'alone'
    this.#role = 'leading'
    this.#leader = this.#me
    this.#count = 0
    this.#epoch ||= someId()
    this.#dog.stop()
    this.#say({ kind: 'leader' })
    if (!wasAlone) this.#host.connect()
    return new Promise((release) => (this.#release = release))
  }

  // Stolen by another tab, while this one was asleep; or only not waited for any more.
  #lost(waiting: AbortSignal): void {
    if (this.#closed || waiting.aborted) return
    this.#host.disconnect()
    this.#role = 'waiting'
    this.#leader = ''
    this.#dog.heard()
    this.#queue(false)
    this.#join()
  }

  // --- what others say ---

  #hear(message: Message): void {
    if (this.#closed) return
    if (message.from === this.#leader) this.#dog.heard()
    if (this.#role === 'leading') this.#hearAsLeader(message)
    else this.#hearAsFollower(message)
  }

  #hearAsLeader(message: Message): void {
    if (message.kind === 'reconnect') this.#host.reconnect()
    if (message.kind !== 'join') return
    const { from: to, cursor, epoch } = message
    const received = this.#host.received(), strange = epoch !== '' && epoch !== this.#epoch
    if (received === '') return // whoever waits hears of it when there is a place to join at
    const items = cursor !== '' ? this.#recent.behind(cursor) : this.#plain ? [] : undefined
    if (!items || strange) this.#say({ kind: 'alone', to, upto: this.#recent.from })
    else this.#say({ kind: 'welcome', to, count: this.#count, cursor: received, epoch: this.#epoch, state: this.#state, plain: this.#plain, items })
  }

  #hearAsFollower(message: Message): void {
    switch (message.kind) {
      case 'leader':
        return this.#follow(message.from)
      case 'welcome':
        return message.to === this.#me ? this.#welcomed(message) : undefined
      case 'alone':
        return message.to === this.#me ? this.#goAlone(message.upto) : undefined
      case 'beat':
        if (message.from === this.#leader && message.count !== this.#count) this.#leader = '' // something was not heard
        return this.#follow(message.from)
    }
    if (message.from !== this.#leader || this.#role !== 'following') return
    if (message.kind === 'state') this.#show(message.state)
    else if (message.kind === 'item') this.#takeNext(message)
  }

  #join(): void {
    this.#say({ kind: 'join', cursor: this.#host.resumeFrom(), epoch: this.#epoch })
  }

  #follow(leader: string): void {
    if (this.#role === 'following' && this.#leader === leader) return
    if (this.#role === 'following') this.#role = 'waiting'
    this.#leader = leader
    this.#dog.heard()
    this.#join()
  }

  #welcomed({ from, count, cursor, epoch, state, plain, items }: Message & { kind: 'welcome' }): void {
    const received = this.#host.received()
    if (this.#role === 'following' || (this.#role === 'alone' && received === '')) return
    if (this.#role === 'alone') this.#host.disconnect()
    this.#role = 'following'
    this.#leader = from
    this.#count = count
    this.#epoch = epoch
    this.#plain ??= plain
    for (const item of items) this.#takeIn(item)
    this.#takeIn({ kind: 'place', id: cursor })
    this.#show(state)
  }

  #goAlone(upto: string): void {
    this.#upto = upto
    if (this.#role !== 'waiting') return
    this.#role = 'alone'
    this.#epoch = ''
    this.#host.connect()
  }

  #takeNext({ count, item, epoch }: Message & { kind: 'item' }): void {
    if (count !== this.#count + 1) {
      this.#role = 'waiting'
      return this.#join()
    }
    this.#count = count
    this.#epoch = epoch
    this.#takeIn(item)
  }

  #takeIn(item: Item): void {
    this.#learn(item)
    if (this.#host.take(item)) this.#recent.add(item, this.#host.received())
  }
}
