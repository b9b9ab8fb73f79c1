// SPDX-License-Identifier: PostgreSQL
/**
 * react.ts: hooks. A stream lives as long as its component is mounted. The second mount of
 * StrictMode costs no second connection. The callbacks and the token are always those of the last
 * render.
 */
import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { connect } from './client.js'
import { keyOf, type KeyedOptions } from './key.js'
import type { Stream, StreamError, StreamEvent, StreamOptions, StreamState, TokenRequest } from './types.js'

export type UseStreamOptions = KeyedOptions

export interface UseStream {
  state: StreamState
  /** The last thing that went wrong. It is null again when the stream is open again. */
  error: StreamError | null
  reconnect: () => void
  /** the stream's cursor at the moment when it is read */
  readonly cursor: string
}

/** Keeps a stream open. After its component has gone, the stream does not call onState. */
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
    const opened = open(latest, setState, setError)
    stream.current = opened
    return () => {
      stream.current = null
      opened.close()
    }
  }, [keyOf(options)])
  useEffect(() => {
    if (stream.current?.state === 'closed') stream.current.reconnect() // the token before had ended
  }, [typeof options.token === 'string' && options.token])
  const reconnect = useCallback(() => stream.current?.reconnect(), [])
  return { state, error, reconnect, get cursor() { return stream.current?.cursor ?? '' } }
}

function open(latest: { current: UseStreamOptions }, setState: (state: StreamState) => void, setError: (error: StreamError | null) => void): Stream {
  let ended = false
  const { url, token, ticket } = latest.current
  const options: StreamOptions = {
    ...latest.current,
    url: url!,
    onEvent: (event) => latest.current.onEvent?.(event),
    onReset: (reason) => latest.current.onReset?.(reason),
    onError: (error) => {
      setError(error)
      latest.current.onError?.(error)
    },
    onState: (state) => {
      if (ended) return
      setState(state)
      if (state === 'open') setError(null)
      latest.current.onState?.(state)
    },
  }
  if (token) options.token = (ask) => textOf(latest.current.token || token, ask)
  if (typeof ticket === 'function') options.ticket = (ask) => functionOf(latest.current.ticket, ticket)(ask)
  setState('connecting')
  setError(null)
  const stream = connect(options)
  return {
    close: () => ((ended = true), stream.close()),
    reconnect: () => stream.reconnect(),
    get state() { return stream.state },
    get cursor() { return stream.cursor },
  }
}

const textOf = (token: NonNullable<StreamOptions['token']>, ask: TokenRequest) => (typeof token === 'function' ? token(ask) : token)

function functionOf<F extends Function>(now: unknown, then: F): F {
  return typeof now === 'function' ? (now as F) : then
}

/**
 * The value that reduce() makes of `initial` and all events so far. A reset or another stream sets
 * it to `initial` again.
 */
export function useEvents<V>(options: UseStreamOptions, reduce: (value: V, event: StreamEvent) => V, initial: V): UseStream & { value: V } {
  const [value, dispatch] = useReducer((before: V, event: StreamEvent | null) => (event ? reduce(before, event) : initial), initial)
  const stream = useStream({
    ...options,
    onEvent: (event) => {
      dispatch(event)
      options.onEvent?.(event)
    },
    onReset: (reason) => {
      dispatch(null)
      options.onReset?.(reason)
    },
  })
  useEffect(() => () => dispatch(null), [keyOf(options)])
  return Object.defineProperty({ ...stream, value }, 'cursor', { get: () => stream.cursor })
}
