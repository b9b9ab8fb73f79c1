// SPDX-License-Identifier: PostgreSQL
/** paging.ts: reads a page of events. It is loaded where a proxy holds streams back. */
import { Breath } from './breath.js'
import type { Item } from './types.js'

export interface Page {
  events: { id?: string; event: string; data: unknown }[]
  cursor: string
  reset: string | null
}

const stateful = new Set(['snapshot', 'ready'])
const beside = new Set(['connected', 'reset', 'expiring', 'closing']) // the page's other members say these, or the status of the next answer does

/**
 * The items of a page. first: it is the first page of this attempt. fresh: it did not resume. bytes:
 * its length.
 */
export function* itemsOf(page: Page, { first, fresh, bytes = 0 }: { first: boolean; fresh: boolean; bytes?: number }): Generator<Item> {
  const state = page.events.some(({ event }) => stateful.has(event))
  if (first) yield { kind: 'begin', id: state ? '' : fresh ? page.cursor : '', fresh }
  if (page.reset !== null) yield { kind: 'reset', id: state ? '' : page.cursor, reason: page.reset }
  for (const { id = '', event, data } of page.events) {
    if (!beside.has(event)) yield { kind: 'event', id, event, data, bytes: bytes / page.events.length }
  }
  yield { kind: 'place', id: page.cursor }
}

export interface Paging {
  /** the first page is to come at once, because it is not known yet whether any comes */
  first: boolean
  signal: AbortSignal
  parse(text: string): unknown
  resumeFrom(): string
  take(item: Item): void
  /** wait: seconds that the server may hold the page back for */
  ask(wait: number): Promise<Response>
  /** called when a page has come. Returns when it is time to try a stream again, in ms since 1970. */
  came(): number
}

const waitSeconds = 25

/** Reads page after page, until it is time to try a stream again. Items are taken in pieces. */
export async function readPages({ first: probe, signal, parse, resumeFrom, take, ask, came }: Paging): Promise<void> {
  const breath = new Breath()
  for (let first = true, over = false; !over; first = false) {
    const fresh = resumeFrom() === '', response = await ask(first && probe ? 0 : waitSeconds)
    const text = await response.text(), until = came()
    for (const item of itemsOf(parse(text) as Page, { first, fresh, bytes: text.length })) {
      if (signal.aborted) throw signal.reason
      take(item)
      await breath.take()
    }
    over = Date.now() >= until
  }
}
