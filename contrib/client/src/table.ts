// SPDX-License-Identifier: PostgreSQL
/**
 * table.ts: rows by their keys, as the server tells them. Changes that the server has not told yet
 * lie in layers above them, each until the server has told what it changes. A layer that is taken
 * back shows what is below.
 */
import { memberOf } from './items.js'
import { isSame } from './same.js'

/** A column, several columns, or a function of a row. The function gets bare keys too. */
export type RowKey<Row> = (keyof Row & string) | readonly (keyof Row & string)[] | ((row: Row) => unknown)

/** A key as a text. Undefined if the data has none. */
export type KeyReader = (data: unknown) => string | undefined

const isKey = (value: unknown): boolean => value !== undefined && value !== null

export function keyReader<Row>(key: RowKey<Row>): KeyReader {
  if (typeof key === 'function') return (data) => (typeof data === 'object' && data !== null ? textOf([key(data as Row)]) : undefined)
  const names = typeof key === 'string' ? [key] : key
  return (data) => textOf(names.map((name) => memberOf(data, name)))
}

/** The text of a key: that of its value, or of all its values. */
export function textOf(values: readonly unknown[]): string | undefined {
  if (!values.every(isKey)) return undefined
  return values.length === 1 ? String(values[0]) : JSON.stringify(values.map(String))
}

/**
 * What a change that the server has not told does to one row.
 * - patch: the members that it changes, which are laid over the row below. undefined: the row goes.
 * - row: what is shown where there is no row below.
 */
export interface Over<Row> {
  patch: Partial<Row> | undefined
  row?: Row | undefined
  /** what was shown last, so that it stays the same object */
  last?: { below: Row; shown: Row }
  /** among those of all layers */
  place?: number
}

/** The changes that were made in one go, by keys. */
export type Layer<Row> = Map<string, Over<Row>>

/** The row that is shown where `over` lies on the row below. */
export function laid<Row extends object>(over: Over<Row>, below: Row | undefined): Row | undefined {
  if (!over.patch) return undefined
  if (!below) return over.row
  if (over.last?.below !== below) over.last = { below, shown: { ...below, ...over.patch } }
  return over.last.shown
}

// True if the told row needs nothing laid over it. A row that is to be put may still come.
function isTold<Row extends object>({ patch, row }: Over<Row>, told: Row | undefined): boolean {
  if (!told) return !row
  return patch !== undefined && Object.entries(patch).every(([name, value]) => isSame(told[name as never], value))
}

const behindAll = 1e15 // the places of rows that are not told yet

export class Table<Row extends object> {
  #rows = new Map<string, Row>()
  readonly #layers = new Set<Layer<Row>>()
  #changed: Set<string> | 'all' = new Set()
  #places = new Map<string, number>() // of the rows that are told, in the order in which they came
  #last = 0

  get(key: string): Row | undefined {
    let row = this.#rows.get(key)
    for (const layer of this.#layers) {
      const over = layer.get(key)
      if (over) row = laid(over, row)
    }
    return row
  }

  /** What the server has told, without layers. */
  told(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  toldRows(): IterableIterator<Row> {
    return this.#rows.values()
  }

  put(key: string, row: Row): void {
    if (!this.#rows.has(key)) this.#places.set(key, ++this.#last)
    this.#rows.set(key, row)
    this.#mark(key)
    this.#see(key)
  }

  remove(key: string): void {
    if (this.#rows.delete(key)) this.#mark(key)
    this.#places.delete(key)
    this.#see(key)
  }

  /** Takes other rows in place of all that the server has told. */
  replace(rows: Map<string, Row>): void {
    this.#rows = rows
    this.#places = new Map()
    for (const key of rows.keys()) this.#places.set(key, ++this.#last)
    this.#changed = 'all'
    for (const layer of this.#layers) for (const key of [...layer.keys()]) this.#see(key)
  }

  /** The rows that are shown, in the order in which they came. */
  *entries(): IterableIterator<[string, Row]> {
    if (this.#layers.size === 0) return yield* this.#rows
    const added = new Set<string>()
    for (const layer of this.#layers) for (const key of layer.keys()) if (!this.#rows.has(key)) added.add(key)
    for (const key of [...this.#rows.keys(), ...added]) {
      const row = this.get(key)
      if (row) yield [key, row]
    }
  }

  /** Where a row stands among all that are shown, in the order of entries(). */
  placeOf(key: string): number {
    const place = this.#places.get(key)
    if (place !== undefined) return place
    for (const layer of this.#layers) if (layer.has(key)) return behindAll + layer.get(key)!.place!
    return 0
  }

  /** The keys that have changed since the last call, or `all`. */
  takeChanged(): Set<string> | 'all' {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  // --- layers ---

  lay(layer: Layer<Row>): void {
    this.#layers.add(layer)
    for (const [key, over] of layer) {
      over.place = ++this.#last
      this.#mark(key)
    }
  }

  /** Takes back what is left of the layer. */
  lift(layer: Layer<Row>): void {
    for (const key of [...layer.keys()]) {
      this.#drop(layer, key)
      this.#see(key)
    }
  }

  #drop(layer: Layer<Row>, key: string): void {
    if (layer.delete(key)) this.#mark(key)
    if (layer.size === 0) this.#layers.delete(layer)
  }

  #mark(key: string): void {
    if (this.#changed !== 'all') this.#changed.add(key)
  }

  // Changes of one row are told in their order, so one that is not told keeps those above it.
  #see(key: string): void {
    const told = this.#rows.get(key)
    for (const layer of this.#layers) {
      const over = layer.get(key)
      if (over && !isTold(over, told)) return
      if (over) this.#drop(layer, key)
    }
  }
}
