// SPDX-License-Identifier: PostgreSQL
/** store.ts: joins a stream, the rows that it tells of, and those who look at them. */
import { rowIn, type Draft } from './change.js'
import { connect } from './client.js'
import { guarded } from './feed.js'
import { Frame } from './frame.js'
import { Keeper } from './keeper.js'
import { controls } from './listeners.js'
import { Loader } from './loader.js'
import type { Rows, RowsOptions, RowsSnapshot, Selection } from './rows.js'
import { StreamError, type Stream, type StreamEvent, type StreamState } from './types.js'
import { View, type ViewOptions } from './view.js'

const lostError = (): StreamError => new StreamError('More has changed than was told, and there is no way to load the rows: give `load`, or the stream a snapshot', false)

export class Store<Row extends object> implements Rows<Row> {
  readonly #options: RowsOptions<Row>
  readonly #keeper: Keeper<Row>
  readonly #view: View<Row>
  readonly #loader: Loader<Row>
  readonly #frame = new Frame(() => this.#publish())
  readonly #listeners = new Set<() => void>()
  #snapshot: RowsSnapshot<Row> = { rows: [], status: 'loading', state: 'connecting', error: null }
  #status: RowsSnapshot<Row>['status'] = 'loading'
  #state: StreamState = 'connecting'
  #error: StreamError | null = null
  #stream: Stream | undefined
  #cursor = '' // where a stream goes on that was closed because nobody listened
  #leaving: ReturnType<typeof setTimeout> | undefined
  #coming: Row[] | undefined // the rows of a state that is not whole yet
  #stateful: boolean | undefined // true if the stream begins with a state

  constructor(options: RowsOptions<Row>) {
    this.#options = options
    this.#view = new View(options)
    this.#keeper = new Keeper(options, { reload: () => this.reload(), warn: (error) => options.onError?.(error) })
    this.#loader = new Loader<Row>({
      spread: options.spread ?? 1000,
      begin: () => this.#begin(),
      load: (signal) => options.load!(signal),
      loaded: (rows, held) => this.#loaded(rows, held),
      failed: (error) => this.#fail(error),
    })
  }

  // --- what users see ---

  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = (): void => listener()
    this.#listeners.add(entry)
    this.#open()
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#leave()
    }
  }

  readonly getSnapshot = (): RowsSnapshot<Row> => this.#snapshot

  get(key: unknown): Row | undefined {
    return this.#keeper.get(key)
  }

  select<T>(select: (snapshot: RowsSnapshot<Row>) => T, isEqual?: (a: T, b: T) => boolean): Selection<T> {
    const read = remembering(select, isEqual)
    const getSnapshot = (): T => read(this.#snapshot)
    const subscribe = (listener: () => void): (() => void) => {
      let last = getSnapshot()
      return this.subscribe(() => {
        const before = last
        last = getSnapshot()
        if (last !== before) listener()
      })
    }
    return { subscribe, getSnapshot }
  }

  optimistic<T>(change: (rows: Draft<Row>) => void, act: () => Promise<T>): Promise<T> {
    return this.#keeper.optimistic(change, act, () => this.#publish())
  }

  view(options: ViewOptions<Row>): void {
    this.#view.change(options, this.#keeper.table)
    this.#publish(true)
  }

  reload(): void {
    if (this.#status === 'ready') this.#status = 'stale'
    if (!this.#stream) this.#cursor = ''
    else if (this.#stateful !== undefined) this.#loader.again()
    this.#frame.ask()
  }

  reconnect(): void {
    this.#stream?.reconnect()
  }

  close(): void {
    this.#part()
    this.#cursor = ''
    this.#coming = undefined
    this.#status = 'loading'
    this.#state = 'closed'
    this.#keeper.fill([])
    this.#publish()
  }

  // --- the stream ---

  #open(): void {
    clearTimeout(this.#leaving)
    if (this.#stream) return
    const { onEvent, onControl, onReset, onState, key, change, load, topic, version, spread, linger, filter, sort, ...options } = this.#options
    this.#state = 'connecting'
    this.#stream = connect({
      ...options,
      lastEventId: this.#cursor || options.lastEventId,
      onEvent: (event) => {
        this.#take(event)
        if (onControl && controls.has(event.event)) onControl(event as never)
        else onEvent?.(event)
      },
      onReset: (reason) => (this.#reset(), onReset?.(reason)),
      onState: (state) => (this.#show(state), onState?.(state)),
      onError: (error) => this.#fail(error),
    })
    this.#frame.ask()
  }

  #leave(): void {
    this.#leaving = setTimeout(() => this.#part(), this.#options.linger ?? 1000)
  }

  // The rows stay. Who listens again goes on where the stream was.
  #part(): void {
    clearTimeout(this.#leaving)
    this.#loader.stop()
    this.#frame.cancel()
    if (!this.#stream) return
    this.#cursor = this.#status === 'ready' ? this.#stream.cursor : ''
    const stream = this.#stream
    this.#stream = undefined
    stream.close()
  }

  #show(state: StreamState): void {
    this.#state = state
    if (state === 'open') this.#error = null
    if (state === 'open' && this.#stream?.cursor) this.#begunPlain()
    this.#frame.ask()
  }

  // The stream is open, or tells of changes, and no state has come: it begins with none.
  #begunPlain(): void {
    if (this.#stateful || this.#coming) return
    this.#stateful = false
    if (this.#status === 'ready' || this.#loader.busy) return
    if (this.#options.load) return this.#loader.now()
    if (this.#status === 'stale') this.#keeper.fill([])
    this.#status = 'ready'
  }

  #take(event: StreamEvent): void {
    if (event.event === 'snapshot') return this.#takeItem(event.data)
    if (event.event === 'ready') return this.#whole()
    this.#begunPlain()
    this.#loader.hold(event)
    this.#keeper.apply(event)
    this.#frame.ask()
  }

  #takeItem(item: unknown): void {
    this.#stateful = true
    const row = rowIn(item, this.#keeper.keyOf) as Row | undefined
    ;(this.#coming ??= []).push(row ?? (Object(item) as Row)) // one without a key is told of when the state is whole
  }

  #whole(): void {
    this.#stateful = true
    this.#keeper.fill(this.#coming ?? [])
    this.#coming = undefined
    this.#status = 'ready'
    this.#frame.ask()
  }

  #reset(): void {
    this.#coming = undefined
    if (this.#status === 'ready') this.#status = 'stale'
    if (this.#stateful === false) this.#loseAll()
    this.#frame.ask()
  }

  // What was missed is lost, and no state follows.
  #loseAll(): void {
    if (this.#options.load) return this.#loader.again()
    this.#keeper.fill([])
    this.#status = 'ready'
  }

  #begin(): void {
    if (this.#stateful) return this.#stream?.reconnect({ fresh: true })
    if (this.#options.load) return this.#loader.now()
    this.#fail(lostError())
    this.#loseAll()
  }

  #loaded(rows: readonly Row[], held: StreamEvent[]): void {
    this.#keeper.fill(rows)
    for (const event of held) this.#keeper.apply(event)
    this.#status = this.#loader.waits ? 'stale' : 'ready'
    this.#error = null
    this.#frame.ask()
  }

  #fail(error: StreamError): void {
    this.#error = error
    this.#frame.ask()
    this.#options.onError?.(error)
  }

  #publish(always = false): void {
    this.#frame.cancel()
    const { status, state, error } = this.#snapshot
    const other = this.#view.update(this.#keeper.table) || always
    if (!other && status === this.#status && state === this.#state && error === this.#error) return
    this.#snapshot = { rows: this.#view.rows, status: this.#status, state: this.#state, error: this.#error }
    for (const listener of [...this.#listeners]) guarded(listener)
  }
}

/** Makes a value of each snapshot once. A value that is equal to the one before is that one. */
export function remembering<S, T>(select: (snapshot: S) => T, isEqual: (a: T, b: T) => boolean = isAlike, last?: { value: T }): (snapshot: S) => T {
  let seen: { snapshot: S } | undefined
  return (snapshot) => {
    if (seen?.snapshot === snapshot) return last!.value
    seen = { snapshot }
    const value = select(snapshot)
    if (!last || !isEqual(last.value, value)) last = { value }
    return last.value
  }
}

/** True for values that are the same, and for lists and objects of the same values. */
export function isAlike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name as never], b[name as never]))
}
