// SPDX-License-Identifier: PostgreSQL
/** keeper.ts: does to a table what events and the application say. */
import { applyDefault, isAbout, type Changes, type Draft } from './change.js'
import type { RowsOptions } from './rows.js'
import { isSame } from './same.js'
import { keyReader, laid, Table, textOf, type KeyReader, type Layer } from './table.js'
import { StreamError, type StreamEvent } from './types.js'

export interface KeeperCalls {
  /** the rows are not known any more */
  reload(): void
  /** the application has to be told, and the stream goes on */
  warn(error: StreamError): void
}

const settleMs = 5000 // that a change waits for the server's word
const keyless = (what: string): StreamError => new StreamError(`${what} has no key: it must have the columns that \`key\` names`, false)

export class Keeper<Row extends object> {
  readonly table = new Table<Row>()
  readonly keyOf: KeyReader
  readonly #options: RowsOptions<Row>
  readonly #calls: KeeperCalls
  readonly #unknown = new Set<string>() // names of events that nobody knew what to do with

  constructor(options: RowsOptions<Row>, calls: KeeperCalls) {
    this.#options = options
    this.#calls = calls
    this.keyOf = keyReader(options.key)
  }

  get(key: unknown): Row | undefined {
    const text = this.#textOf(key)
    return text === undefined ? undefined : this.table.get(text)
  }

  /** Takes these in place of all rows. */
  fill(rows: Iterable<Row>): void {
    const filled = new Map<string, Row>()
    for (const row of rows) {
      const key = this.keyOf(row)
      if (key === undefined) this.#calls.warn(keyless('A row'))
      else filled.set(key, row)
    }
    this.table.replace(filled)
  }

  /** Does what an event says. */
  apply(event: StreamEvent): void {
    if (!isAbout(event, this.#options.topic)) return
    const { change } = this.#options
    const known = change && Object.hasOwn(change, event.event) ? change[event.event] : undefined
    if (known) return known(event.data, this.changes, event)
    if (applyDefault(event, this.changes as Changes<object>, this.keyOf) || this.#unknown.has(event.event)) return
    this.#unknown.add(event.event)
    this.#calls.warn(new StreamError(`The event ${event.event} does not say what it does to rows: name it in \`change\``, false))
  }

  readonly changes: Changes<Row> = {
    put: (row) => {
      const key = this.keyOf(row)
      if (key === undefined) this.#calls.warn(keyless('A row'))
      else if (!this.#isOlder(row, this.table.told(key))) this.table.put(key, row)
    },
    merge: (row) => {
      const known = this.table.told(this.keyOf(row) ?? '')
      if (known) this.changes.put({ ...known, ...row })
    },
    remove: (key) => {
      const text = this.#textOf(key)
      if (text !== undefined) this.table.remove(text)
      else this.#removeLike(Object(key) as object)
    },
    clear: () => this.table.replace(new Map()),
    reload: () => this.#calls.reload(),
  }

  /**
   * Shows a change until act() fails, or until the server has told it. shown: called whenever other
   * rows are shown.
   */
  async optimistic<T>(change: (rows: Draft<Row>) => void, act: () => Promise<T>, shown: () => void): Promise<T> {
    const layer = this.#drafted(change)
    const lift = (): void => (this.table.lift(layer), shown())
    this.table.lay(layer)
    shown()
    try {
      const result = await act()
      if (layer.size > 0) setTimeout(lift, settleMs)
      return result
    } catch (error) {
      lift()
      throw error
    }
  }

  #drafted(change: (rows: Draft<Row>) => void): Layer<Row> {
    const layer: Layer<Row> = new Map()
    const draft = (key: string | undefined, values: Partial<Row>, put?: Row): void => {
      if (key === undefined) return
      const over = layer.get(key), below = this.table.get(key), shown = over ? laid(over, below) : below
      if (!shown && !put) return
      layer.set(key, { patch: { ...over?.patch, ...this.#changing(key, values, shown) }, row: put ?? (over?.row && { ...over.row, ...values }) })
    }
    change({
      put: (row) => draft(this.keyOf(row), row, row),
      merge: (row) => draft(this.keyOf(row), row),
      remove: (key) => {
        const text = this.#textOf(key)
        if (text !== undefined) layer.set(text, { patch: undefined })
      },
    })
    return layer
  }

  // The members that are other ones than in the told row, or than in the shown one. The rest is not
  // changed, and another's change of it is shown.
  #changing(key: string, values: Partial<Row>, shown: Row | undefined): Partial<Row> {
    const known = [this.table.told(key), shown].filter((row) => row !== undefined)
    return Object.fromEntries(Object.entries(values).filter(([name, value]) => known.some((row) => !isSame(row![name as never], value)))) as Partial<Row>
  }

  #isOlder(row: Row, known: Row | undefined): boolean {
    const { version } = this.#options
    return version !== undefined && known !== undefined && known[version] > row[version]
  }

  // The table's own key is another one than that of the rows here, so rows are compared. A key is
  // that of one row at most. What does not name one says too little.
  #removeLike(key: object): void {
    const names = Object.keys(key) as (keyof Row)[], rows = [...this.table.toldRows()]
    if (names.length === 0 || rows.some((row) => names.some((name) => !(name in row)))) return this.#calls.reload()
    const [gone, ...others] = rows.filter((row) => names.every((name) => String(row[name]) === String(key[name as never])))
    if (others.length > 0) this.#calls.reload()
    else if (gone) this.table.remove(this.keyOf(gone)!)
  }

  #textOf(key: unknown): string | undefined {
    if (Array.isArray(key)) return textOf(key)
    return typeof key === 'object' && key !== null ? this.keyOf(key) : textOf([key])
  }
}
