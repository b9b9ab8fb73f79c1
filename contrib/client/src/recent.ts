// SPDX-License-Identifier: PostgreSQL
/** recent.ts: the last events. A leader tells them to a tab that joins late. */
import { isCursor, isKnown } from './cursor.js'
import type { Item } from './types.js'

type Event = Item & { kind: 'event' }

const beside = 100 // bytes that an event takes beside its data

export class Recent {
  /** all events after this id are here; empty if there are none */
  from = ''
  #items: Event[] = []
  #first = 0 // in items; what stands before is forgotten
  #bytes = 0
  readonly #most: number

  /** most: bytes that the events may take together */
  constructor(most = 1_000_000) {
    this.#most = most
  }

  get bytes(): number {
    return this.#bytes
  }

  add(item: Item, received: string): void {
    if (received === '' || item.kind === 'reset' || this.from === '') this.#begin(received)
    else if (item.kind === 'event' && item.id) this.#push(item)
  }

  #begin(received: string): void {
    this.from = received
    this.#items = []
    this.#first = this.#bytes = 0
  }

  #push(item: Event): void {
    this.#items.push(item)
    this.#bytes += sizeOf(item)
    while (this.#bytes > this.#most) this.#forget()
    if (this.#first > this.#items.length / 2) this.#compact()
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first)
    this.#first = 0
  }

  #forget(): void {
    const item = this.#items[this.#first]!
    this.from = item.id
    this.#bytes -= sizeOf(item)
    this.#first++
  }

  /** The events after this cursor. Undefined if some of them are not known. */
  behind(cursor: string): Item[] | undefined {
    if (!isCursor(cursor) || !isCursor(this.from) || (cursor !== this.from && isKnown(cursor, this.from))) return undefined
    return this.#items.filter(({ id }, n) => n >= this.#first && !isKnown(id, cursor))
  }
}

const sizeOf = ({ bytes = 0 }: Event): number => bytes + beside
