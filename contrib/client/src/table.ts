// SPDX-License-Identifier: PostgreSQL
/**
 * table.ts: rows by their keys, as the server tells them. Changes that the server has not told yet
 * lie in layers above them. A layer that is taken away shows what the server says.
 */
import { memberOf } from './items.js'

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

/** Rows that are shown before the server tells them. Undefined means that there is none. */
export interface Layer<Row> {
  rows: Map<string, Row | undefined>
  /** the keys of which the server has told something since */
  seen: Set<string>
  /** the change is made, so a key goes when the server tells of it */
  made: boolean
}

export class Table<Row extends object> {
  #rows = new Map<string, Row>()
  readonly #layers = new Set<Layer<Row>>()
  #changed: Set<string> | 'all' = new Set()

  get(key: string): Row | undefined {
    let row = this.#rows.get(key)
    for (const { rows } of this.#layers) if (rows.has(key)) row = rows.get(key)
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
    this.#rows.set(key, row)
    this.#touch(key)
  }

  remove(key: string): void {
    if (this.#rows.delete(key)) this.#touch(key)
    else this.#see(key)
  }

  /** Takes other rows in place of all that the server has told. */
  replace(rows: Map<string, Row>): void {
    this.#rows = rows
    this.#changed = 'all'
    for (const { rows: layer } of this.#layers) for (const key of layer.keys()) this.#see(key)
  }

  /** The rows that are shown, in the order in which they came. */
  *entries(): IterableIterator<[string, Row]> {
    if (this.#layers.size === 0) return yield* this.#rows
    const added = new Set<string>()
    for (const { rows } of this.#layers) for (const key of rows.keys()) if (!this.#rows.has(key)) added.add(key)
    for (const key of [...this.#rows.keys(), ...added]) {
      const row = this.get(key)
      if (row) yield [key, row]
    }
  }

  /** The keys that have changed since the last call, or `all`. */
  takeChanged(): Set<string> | 'all' {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  // --- layers ---

  lay(rows: Map<string, Row | undefined>): Layer<Row> {
    const layer: Layer<Row> = { rows, seen: new Set(), made: false }
    this.#layers.add(layer)
    for (const key of rows.keys()) this.#mark(key)
    return layer
  }

  /** The change is made. What the server has told of goes from the layer now, and the rest later. */
  settle(layer: Layer<Row>): void {
    layer.made = true
    for (const key of layer.seen) this.#drop(layer, key)
  }

  lift(layer: Layer<Row>): void {
    for (const key of [...layer.rows.keys()]) this.#drop(layer, key)
  }

  #drop(layer: Layer<Row>, key: string): void {
    if (layer.rows.delete(key)) this.#mark(key)
    if (layer.rows.size === 0) this.#layers.delete(layer)
  }

  #touch(key: string): void {
    this.#mark(key)
    this.#see(key)
  }

  #mark(key: string): void {
    if (this.#changed !== 'all') this.#changed.add(key)
  }

  #see(key: string): void {
    for (const layer of this.#layers) {
      if (!layer.rows.has(key)) continue
      layer.seen.add(key)
      if (layer.made) this.#drop(layer, key)
    }
  }
}
