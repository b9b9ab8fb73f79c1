// SPDX-License-Identifier: PostgreSQL
/**
 * orders.ts: a list of orders that is fetched once and kept current by events. There is no React in
 * here.
 */
import { Backoff } from './backoff.js'
import type { StreamOptions } from './types.js'

/** An order, as its row in the table. The table has more columns. */
export interface Order {
  id: string
  order_code: string
  order_status: string
  created_at: string
  updated_at: string
  [column: string]: unknown
}

/**
 * Keeps the list. The list is fetched after the stream has opened. So what it lacks comes as an
 * event, and nothing falls between the two. Events wait while the list is being fetched. An event
 * that was on its way before that may be older than the list. It changes nothing.
 */
export class OrderBook {
  readonly #changed: (orders: Order[]) => void
  #orders = new Map<string, Order>()
  #waiting: (() => void)[] | undefined

  constructor(changed: (orders: Order[]) => void) {
    this.#changed = changed
  }

  /** Events that come from now on wait for the list. */
  hold(): void {
    this.#waiting ??= []
  }

  fill(list: Order[]): void {
    this.#orders = new Map(list.map((order) => [order.id, order]))
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const act of waiting) act()
    this.#show()
  }

  /** Forgets the orders. Another list may follow. */
  clear(): void {
    this.#waiting = undefined
    this.#orders.clear()
    this.#show()
  }

  /** Runs act, after the list has come. */
  then(act: () => void): void {
    if (this.#waiting) this.#waiting.push(act)
    else act()
  }

  put(order: Order): void {
    const known = this.#orders.get(order.id)
    if (known && known.updated_at > order.updated_at) return
    this.#orders.set(order.id, order)
    this.#show()
  }

  /** A cancelled order is kept and not shown, because an older state of it may still arrive. */
  cancel(id: string): void {
    const known = this.#orders.get(id)
    if (known) this.#orders.set(id, { ...known, order_status: 'Cancelled' })
    this.#show()
  }

  #show(): void {
    if (this.#waiting) return
    const seen = [...this.#orders.values()].filter(({ order_status }) => order_status !== 'Cancelled')
    this.#changed(seen.sort((a, b) => (a.created_at < b.created_at ? 1 : -1)))
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()))
  })

async function ask(url: string, { token, credentials }: Pick<StreamOptions, 'token' | 'credentials'>, signal: AbortSignal): Promise<Order[]> {
  const bearer = typeof token === 'function' ? await token({ renew: false }) : token
  const headers: Record<string, string> = bearer ? { Authorization: `Bearer ${bearer}` } : {}
  const response = await fetch(url, { headers, signal, credentials: credentials ?? (bearer ? 'omit' : 'same-origin') })
  const body = (await response.json()) as { data?: Order[]; errors?: string[] }
  if (!response.ok || !body.data) throw new Error(body.errors?.[0] ?? response.statusText)
  return body.data
}

/**
 * Fetches the list, and tries until it succeeds. failed: gets each failure as a sentence. Undefined
 * if the signal has ended it.
 */
export async function fetchOrders(url: string, access: Pick<StreamOptions, 'token' | 'credentials'>, signal: AbortSignal, failed: (why: string) => void): Promise<Order[] | undefined> {
  const backoff = new Backoff()
  while (!signal.aborted) {
    try {
      return await ask(url, access, signal)
    } catch (error) {
      if (!signal.aborted) failed(`The orders cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
    }
    await pause(backoff.next(1000), signal)
  }
  return undefined
}
