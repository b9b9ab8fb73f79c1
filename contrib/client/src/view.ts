// SPDX-License-Identifier: PostgreSQL
/**
 * view.ts: the rows that pass a filter, in order. What has changed is sorted by itself and merged
 * into the rest, so a change costs no new order of all.
 */
import type { Table } from './table.js'

export interface ViewOptions<Row> {
  filter?: (row: Row) => boolean
  /** As for an array's sort(). Rows that it calls equal stand in the order in which they came. */
  sort?: (a: Row, b: Row) => number
}

/** place: that of the row in the table, among all */
interface Entry<Row> {
  row: Row
  place: number
}

type Compare<Row> = (a: Entry<Row>, b: Entry<Row>) => number

export class View<Row extends object> {
  /** another array after each change */
  rows: readonly Row[] = []
  #options: ViewOptions<Row>
  #compare: Compare<Row>
  #sorted: Entry<Row>[] = []
  #shown = new Map<string, Entry<Row>>()

  constructor(options: ViewOptions<Row>) {
    this.#options = options
    this.#compare = comparing(options)
  }

  /** Takes over what has changed in the table. True if other rows are shown. */
  update(table: Table<Row>): boolean {
    const changed = table.takeChanged()
    if (changed !== 'all' && changed.size === 0) return false
    if (!this.#options.sort) this.rows = this.#passing(table)
    else this.#show(changed === 'all' ? this.#rebuilt(table) : this.#merged(table, changed))
    return true
  }

  /** Shows other rows, or in another order. */
  change(options: ViewOptions<Row>, table: Table<Row>): void {
    this.#options = options
    this.#compare = comparing(options)
    table.takeChanged()
    if (options.sort) this.#show(this.#rebuilt(table))
    else this.rows = this.#passing(table)
  }

  #passes(row: Row | undefined): row is Row {
    return row !== undefined && (!this.#options.filter || this.#options.filter(row))
  }

  #passing(table: Table<Row>): Row[] {
    const rows: Row[] = []
    for (const [, row] of table.entries()) if (this.#passes(row)) rows.push(row)
    return rows
  }

  #show(sorted: Entry<Row>[]): void {
    this.#sorted = sorted
    this.rows = sorted.map(({ row }) => row)
  }

  #rebuilt(table: Table<Row>): Entry<Row>[] {
    this.#shown.clear()
    for (const [key, row] of table.entries()) {
      if (this.#passes(row)) this.#shown.set(key, { row, place: table.placeOf(key) })
    }
    return [...this.#shown.values()].sort(this.#compare)
  }

  #merged(table: Table<Row>, changed: Set<string>): Entry<Row>[] {
    const gone = new Set<Entry<Row>>(), come: Entry<Row>[] = []
    for (const key of changed) {
      const before = this.#shown.get(key), row = table.get(key)
      if (before) gone.add(before)
      this.#shown.delete(key)
      if (!this.#passes(row)) continue
      const entry = { row, place: table.placeOf(key) }
      this.#shown.set(key, entry)
      come.push(entry)
    }
    return merge(this.#sorted, gone, come.sort(this.#compare), this.#compare)
  }
}

function comparing<Row>({ sort }: ViewOptions<Row>): Compare<Row> {
  return (a, b) => (sort?.(a.row, b.row) ?? 0) || a.place - b.place
}

// The first list without those that are gone, and the second, in one order.
function merge<E>(list: E[], gone: Set<E>, come: E[], compare: (a: E, b: E) => number): E[] {
  const merged: E[] = []
  let next = 0
  for (const entry of list) {
    if (gone.has(entry)) continue
    while (next < come.length && compare(come[next]!, entry) < 0) merged.push(come[next++]!)
    merged.push(entry)
  }
  return merged.concat(come.slice(next))
}
