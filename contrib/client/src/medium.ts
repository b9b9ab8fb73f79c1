// SPDX-License-Identifier: PostgreSQL
/**
 * medium.ts: where those who share a connection meet: all tabs of the browser, or the components of
 * one page. Both have a lock, which one of them holds, and a channel to all others.
 */

export interface Channel {
  onmessage: ((event: { data: any }) => void) | null
  postMessage(message: unknown): void
  close(): void
}

export interface Medium {
  channel(name: string): Channel
  /** As navigator.locks.request(). */
  lock(name: string, how: { signal: AbortSignal } | { steal: true }, held: () => Promise<void> | void): Promise<unknown>
}

export const tabsOfBrowser: Medium = {
  channel: (name) => new BroadcastChannel(name) as Channel,
  lock: (name, how, held) => navigator.locks.request(name, how, held),
}

/**
 * Resolves to true if locks and channels may be used here. A frame in a sandbox has them and is
 * refused. So is a frame of a site that may keep no data.
 */
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

/** The components of one page. What one says is not copied for the others. */
class Page implements Medium {
  readonly #channels = new Map<string, Set<PageChannel>>()
  readonly #queues = new Map<string, (() => Promise<void> | void)[]>()

  channel(name: string): Channel {
    const others = this.#channels.get(name) ?? new Set()
    this.#channels.set(name, others)
    return new PageChannel(others, () => others.size === 0 && this.#channels.delete(name))
  }

  // Nothing steals it: what holds it up holds up all of the page.
  lock(name: string, how: { signal: AbortSignal } | { steal: true }, held: () => Promise<void> | void): Promise<unknown> {
    const queue = this.#queues.get(name) ?? []
    this.#queues.set(name, queue)
    queue.push(held)
    if ('signal' in how) how.signal.addEventListener('abort', () => queue.indexOf(held) > 0 && queue.splice(queue.indexOf(held), 1))
    if (queue.length === 1) queueMicrotask(() => void this.#grant(name, queue))
    return new Promise(() => {})
  }

  async #grant(name: string, queue: (() => Promise<void> | void)[]): Promise<void> {
    while (queue.length > 0) {
      await queue[0]!()
      queue.shift()
    }
    this.#queues.delete(name)
  }
}

class PageChannel implements Channel {
  onmessage: ((event: { data: any }) => void) | null = null
  readonly #others: Set<PageChannel>
  readonly #gone: () => void

  constructor(others: Set<PageChannel>, gone: () => void) {
    this.#others = others.add(this)
    this.#gone = gone
  }

  postMessage(data: unknown): void {
    for (const other of this.#others) if (other !== this) queueMicrotask(() => other.#others.has(other) && other.onmessage?.({ data }))
  }

  close(): void {
    this.#others.delete(this)
    this.#gone()
  }
}

export const thisPage: Medium = new Page()
