// SPDX-License-Identifier: PostgreSQL
/**
 * tanstack-db.ts: rows as a collection of TanStack DB, which joins them, and asks queries of them. It
 * needs nothing of TanStack DB itself.
 */
import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js'
import { storeOf, type Given } from './given.js'
import { keyReader, type RowKey } from './table.js'
import type { Rows } from './rows.js'
import { isAlike } from './store.js'

type Key = string | number

/** What the collection lends its stream. */
export interface CollectionSync<Row extends object> {
  begin(): void
  write(message: { type: 'insert' | 'update'; value: Row } | { type: 'delete'; key: Key }): void
  commit(): unknown
  markReady(): void
  markError?(error: unknown): void
}

export interface HeraldCollection<Row extends object> {
  getKey(row: Row): Key
  sync: { sync(lent: CollectionSync<Row>): () => void; rowUpdateMode: 'full' }
  utils: {
    /**
     * Resolves when the server has told a row with this key that passes, or that there is none. A
     * handler that waits for it keeps its optimistic change until then, for 5 s at most.
     */
    seen(key: Key, passes: (row: Row | undefined) => boolean): Promise<void>
    store: Rows<Row>
  }
}

const seenMs = 5000

/**
 * Options for createCollection(), to which handlers may be added. given: options with a `key`.
 * TanStack DB knows texts and numbers as keys. The key of several columns is a text here.
 */
export function heraldCollection<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(given: Exclude<Given<Row, E>, Rows<Row>>): HeraldCollection<Row>
export function heraldCollection<S extends object, P extends keyof S & string>(given: Exclude<Given<RowOf<EventOf<S, P>>, EventOf<S, P>>, Rows<RowOf<EventOf<S, P>>>>): HeraldCollection<RowOf<EventOf<S, P>>>
export function heraldCollection<Row extends object>(given: Exclude<Given<Row>, Rows<Row>>): HeraldCollection<Row> {
  const store = storeOf(given), getKey = keyFrom(given.key)
  return {
    getKey,
    sync: { sync: (lent) => feed(store, getKey, lent), rowUpdateMode: 'full' },
    utils: { store, seen: (key, passes) => seen(store, () => passes(store.get(key))) },
  }
}

function keyFrom<Row extends object>(key: RowKey<Row>): (row: Row) => Key {
  const textOf = keyReader(key)
  return (row) => {
    const value = typeof key === 'string' ? row[key] : undefined
    return typeof value === 'number' ? value : textOf(row)!
  }
}

// Rows that were loaded again are compared with those before. So there is nothing to truncate, and a
// query is told only of rows that are other ones.
function feed<Row extends object>(store: Rows<Row>, getKey: (row: Row) => Key, { begin, write, commit, markReady, markError }: CollectionSync<Row>): () => void {
  let known = new Map<Key, Row>()
  const take = (): void => {
    const { rows, status, error } = store.getSnapshot()
    if (status === 'loading') return void (error?.final && markError?.(error))
    const now = new Map(rows.map((row) => [getKey(row), row]))
    begin()
    for (const [key, value] of now) if (!isAlike(known.get(key), value)) write({ type: known.has(key) ? 'update' : 'insert', value })
    for (const key of known.keys()) if (!now.has(key)) write({ type: 'delete', key })
    commit()
    known = now
    markReady()
  }
  const leave = store.subscribe(take)
  take()
  return leave
}

function seen<Row extends object>(store: Rows<Row>, passes: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => (clearTimeout(timer), leave(), resolve())
    const timer = setTimeout(() => end(), seenMs)
    const leave = store.subscribe(() => passes() && end())
    if (passes()) end()
  })
}
