'use client'
// SPDX-License-Identifier: PostgreSQL
/**
 * react.ts: hooks. A stream lives as long as its component is mounted. The second mount of
 * StrictMode costs no second connection. The callbacks and the token are always those of the last
 * render.
 */
import { useCallback, useEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react'
import { connect } from './client.js'
import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js'
import { Frame } from './frame.js'
import { isStore, noRows, type GivenOptions } from './given.js'
import { keyOf, type KeyedOptions } from './key.js'
import { delegating, type Latest } from './latest.js'
import type { Rows, RowsSnapshot } from './rows.js'
import { remembering, Store } from './store.js'
import type { Stream, StreamError, StreamState } from './types.js'

export type UseStreamOptions<E extends AnyEvent = StreamEvent> = KeyedOptions<E>

export interface UseStream {
  state: StreamState
  /** The last thing that went wrong. It is null again when the stream is open again. */
  error: StreamError | null
  reconnect: () => void
  /** the stream's cursor at the moment when it is read */
  readonly cursor: string
}

/**
 * Keeps a stream open. After its component has gone, the stream does not call onState.
 *
 * useStream<Streams, '/my/orders'>() knows the events of that path, as connect() does.
 */
export function useStream<E extends AnyEvent = StreamEvent>(options: UseStreamOptions<E>): UseStream
export function useStream<S extends object, P extends keyof S & string>(options: UseStreamOptions<EventOf<S, P>>): UseStream
export function useStream(options: UseStreamOptions): UseStream {
  const latest = useRef(options)
  const stream = useRef<Stream | null>(null)
  const [state, setState] = useState<StreamState>(options.url ? 'connecting' : 'closed')
  const [error, setError] = useState<StreamError | null>(null)
  useEffect(() => {
    latest.current = options
  })
  useEffect(() => {
    if (!latest.current.url) return setState('closed')
    const { opened, end } = open(latest, setState, setError)
    stream.current = opened
    return () => {
      stream.current = null
      end()
    }
  }, [keyOf(options)])
  useEffect(() => {
    if (stream.current?.state === 'closed') stream.current.reconnect() // the token before had ended
  }, [typeof options.token === 'string' && options.token])
  const reconnect = useCallback(() => stream.current?.reconnect(), [])
  return { state, error, reconnect, get cursor() { return stream.current?.cursor ?? '' } }
}

function open(latest: Latest<UseStreamOptions>, setState: (state: StreamState) => void, setError: (error: StreamError | null) => void): { opened: Stream; end: () => void } {
  let ended = false
  const options = delegating(latest)
  setState('connecting')
  setError(null)
  const opened = connect({
    ...options,
    onError: (error) => {
      setError(error)
      options.onError?.(error)
    },
    onState: (state) => {
      if (ended) return
      setState(state)
      if (state === 'open') setError(null)
      options.onState?.(state)
    },
  })
  return { opened, end: () => ((ended = true), opened.close()) }
}

/** An event, or null where the value begins anew. */
type Step = StreamEvent | null

/** The steps of a frame, which are one render. */
class Steps {
  #steps: Step[] = []
  readonly #take: (steps: readonly Step[]) => void
  readonly #frame = new Frame(() => this.#flush())

  constructor(take: (steps: readonly Step[]) => void) {
    this.#take = take
  }

  add(step: Step): void {
    this.#steps.push(step)
    this.#frame.ask()
  }

  /** Forgets what has not been taken. */
  beginAnew(): void {
    this.#steps = [null]
    this.#frame.cancel()
    this.#flush()
  }

  #flush(): void {
    const steps = this.#steps
    this.#steps = []
    this.#take(steps)
  }
}

/**
 * The value that reduce() makes of `initial` and all events so far. A reset or another stream sets
 * it to `initial` again. For rows take useRows(): each event is a render here.
 */
export function useEvents<V, E extends AnyEvent = StreamEvent>(options: UseStreamOptions<E>, reduce: (value: V, event: E) => V, initial: V): UseStream & { value: V }
export function useEvents<S extends object, P extends keyof S & string, V>(options: UseStreamOptions<EventOf<S, P>>, reduce: (value: V, event: EventOf<S, P>) => V, initial: V): UseStream & { value: V }
export function useEvents<V>(options: UseStreamOptions, reduce: (value: V, event: StreamEvent) => V, initial: V): UseStream & { value: V } {
  const fold = (before: V, steps: readonly Step[]): V => steps.reduce<V>((now, step) => (step ? reduce(now, step) : initial), before)
  const [value, dispatch] = useReducer(fold, initial)
  const kept = useRef<Steps>(undefined)
  const steps = (kept.current ??= new Steps(dispatch))
  const stream = useStream({
    ...options,
    onEvent: (event) => {
      steps.add(event)
      options.onEvent?.(event)
    },
    onReset: (reason) => {
      steps.add(null)
      options.onReset?.(reason)
    },
  })
  useEffect(() => () => steps.beginAnew(), [keyOf(options)])
  return Object.defineProperty({ ...stream, value }, 'cursor', { get: () => stream.cursor })
}

export interface UseRowsOptions<Row extends object, E extends AnyEvent = StreamEvent> extends GivenOptions<Row, E> {
  /** `filter` and `sort` are taken again when one of these values is another one. */
  deps?: readonly unknown[]
}

export interface UseRows<Row extends object> extends RowsSnapshot<Row> {
  /** for a row by its key, optimistic changes, and reconnect() */
  store: Rows<Row>
}

type Source<Row extends object, E extends AnyEvent = StreamEvent> = UseRowsOptions<Row, E> | Rows<Row>
type Select<Row extends object, T> = (snapshot: RowsSnapshot<Row>) => T
type IsEqual<T> = (a: T, b: T) => boolean

/**
 * The rows of a stream, as they are now. source: options, or a store that rows() has made. There is
 * one render a frame at most. select: the part that the component shows. Only another part is a
 * render then. By default lists and objects are compared member by member.
 */
export function useRows<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(source: Source<Row, E>): UseRows<Row>
export function useRows<Row extends object, T>(source: Source<Row>, select: Select<Row, T>, isEqual?: IsEqual<T>): T
export function useRows<S extends object, P extends keyof S & string>(source: UseRowsOptions<RowOf<EventOf<S, P>>, EventOf<S, P>>): UseRows<RowOf<EventOf<S, P>>>
export function useRows<Row extends object>(source: Source<Row>, select?: Select<Row, unknown>, isEqual?: IsEqual<unknown>): unknown {
  const store = useStore(source)
  const last = useRef<{ value: unknown }>(undefined)
  const shown = useMemo(() => select ?? ((snapshot: RowsSnapshot<Row>) => ({ ...snapshot, store })), [store, select])
  const read = useMemo(() => remembering(shown, isEqual, last.current), [shown, isEqual])
  const get = (): unknown => read(store.getSnapshot())
  const value = useSyncExternalStore(store.subscribe, get, get)
  useEffect(() => {
    last.current = { value }
  }, [value])
  return value
}

// The store of these options. It goes on over renders, StrictMode and Fast Refresh.
function useStore<Row extends object>(source: Source<Row>): Rows<Row> {
  const options = isStore(source) ? undefined : source
  const key = options && JSON.stringify([keyOf(options), options.key, options.topic, options.version])
  const latest = useRef(options)
  const kept = useRef<{ key: string; store: Rows<Row> }>(undefined) // a memo would be made anew by Fast Refresh
  if (options && kept.current?.key !== key) kept.current = { key: key!, store: keptOf(latest as Latest<UseRowsOptions<Row>>, options) }
  const store = options ? kept.current!.store : (source as Rows<Row>)
  const first = useRef(true)
  useEffect(() => {
    latest.current = options
  })
  useEffect(() => {
    if (options && !first.current) store.view(options)
    first.current = false
  }, options?.deps ?? [])
  const token = options && typeof options.token === 'string' && options.token
  useEffect(() => {
    if (store.getSnapshot().state === 'closed' && !first.current) store.reconnect() // the token before had ended
  }, [token])
  return store
}

function keptOf<Row extends object>(latest: Latest<UseRowsOptions<Row>>, options: UseRowsOptions<Row>): Rows<Row> {
  latest.current = options // those of this render, because another stream begins with it
  if (!options.url) return noRows
  const { change, load } = options
  return new Store<Row>({
    ...delegating(latest as Latest<UseRowsOptions<Row> & KeyedOptions>),
    change: change && Object.fromEntries(Object.keys(change).map((name) => [name, (...args: [any, any, any]) => latest.current.change?.[name]?.(...args)])),
    load: load && ((signal) => latest.current.load!(signal)),
  })
}
