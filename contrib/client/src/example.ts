'use client'
// SPDX-License-Identifier: PostgreSQL
/**
 * example.ts: React hooks for the pages of contrib/example, to copy from. They follow the orders of
 * a store, and the numbers of a game.
 */
import { createContext, createElement, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from 'react'
import { keyOf } from './key.js'
import { fetchOrders, OrderBook, type Order } from './orders.js'
import { useEvents, useStream, type UseStream, type UseStreamOptions } from './react.js'
import type { StreamEvent, StreamOptions } from './types.js'

export type { Order } from './orders.js'

/**
 * What all hooks need: who asks, and the passwords of sealed streams. base: the origin of pgherald,
 * by default that of the page.
 */
export interface HeraldSettings extends Pick<StreamOptions, 'token' | 'ticket' | 'keys' | 'share' | 'credentials' | 'identity' | 'backoff'> {
  base?: string
}

const Settings = createContext<HeraldSettings>({})

export function HeraldProvider({ children, ...settings }: HeraldSettings & { children?: ReactNode }) {
  return createElement(Settings.Provider, { value: settings }, children)
}

function useSettings(): { base: string; options: Omit<UseStreamOptions, 'url'> } {
  const { base = globalThis.location?.origin ?? '', ...options } = useContext(Settings)
  return { base, options }
}

export interface OrderCallbacks {
  onNewOrder?: (order: Order) => void
  onOrderUpdate?: (orderId: string, updatedOrder: Order) => void
  onOrderCancel?: (orderId: string) => void
}

export interface Connection {
  isConnected: boolean
  connectionError: string | null
  reconnect: () => void
}

const connectionOf = ({ state, error, reconnect }: UseStream): Connection => ({
  isConnected: state === 'open',
  connectionError: error?.message ?? null,
  reconnect,
})

function tellOrder({ event, data }: StreamEvent, { onNewOrder, onOrderUpdate, onOrderCancel, onFetch }: OrdersStream): void {
  if (event === 'order_created') onNewOrder?.(data.order)
  else if (event === 'order_updated') onOrderUpdate?.(data.order.id, data.order)
  else if (event === 'order_cancelled') onOrderCancel?.(data.order_id)
  else if (event === 'left') onOrderCancel?.(data.key.id) // it belongs to another store now
  else if (event === 'bulk') onFetch?.()
}

export interface OrdersStream extends OrderCallbacks {
  /**
   * Fetch the list. The stream is open for the first time, or changes were not told one by one
   * (a reset, or `bulk`).
   */
  onFetch?: () => void
  /** This stream has ended. Another one may follow, for another store or with other rights. */
  onEnd?: () => void
}

/** Calls back for each change of a store's orders. There is no stream without storeSlug. */
export function useOrdersSSE(storeSlug: string | null | undefined, calls: OrdersStream = {}): Connection {
  const { base, options } = useSettings()
  const fetched = useRef(false)
  const url = storeSlug ? `${base}/api/orders/events?store=${encodeURIComponent(storeSlug)}` : null
  const settings = { ...options, url }
  const stream = useStream({
    ...settings,
    onState: (state) => {
      if (state !== 'open' || fetched.current) return
      fetched.current = true
      calls.onFetch?.()
    },
    onReset: () => calls.onFetch?.(),
    onEvent: (event) => tellOrder(event, calls),
  })
  useEffect(() => () => {
    fetched.current = false
    calls.onEnd?.()
  }, [keyOf(settings)])
  return connectionOf(stream)
}

/**
 * The orders of a store that are not cancelled, the newest first. The hook fetches the list after
 * the stream has opened, and keeps it current by the stream's events.
 */
export function useOrdersPageSSE(storeSlug: string | null | undefined, calls: OrderCallbacks = {}): Connection & { orders: Order[] } {
  const { base, options } = useSettings()
  const [orders, setOrders] = useState<Order[]>([])
  const [fault, setFault] = useState<string | null>(null)
  const [book] = useState(() => new OrderBook(setOrders))
  const fetching = useRef<AbortController | null>(null)
  const load = async (): Promise<void> => {
    fetching.current?.abort()
    const { signal } = (fetching.current = new AbortController())
    book.hold()
    const list = await fetchOrders(`${base}/api/orders?store=${encodeURIComponent(storeSlug!)}`, options, signal, setFault)
    if (!list || signal.aborted) return
    setFault(null)
    book.fill(list)
  }
  const stream = useOrdersSSE(storeSlug, {
    onFetch: () => void load(),
    onEnd: () => {
      fetching.current?.abort()
      setFault(null)
      book.clear()
    },
    onNewOrder: (order) => book.then(() => (book.put(order), calls.onNewOrder?.(order))),
    onOrderUpdate: (id, order) => book.then(() => (book.put(order), calls.onOrderUpdate?.(id, order))),
    onOrderCancel: (id) => book.then(() => (book.cancel(id), calls.onOrderCancel?.(id))),
  })
  const again = useRef(load)
  useEffect(() => void (again.current = load))
  const reconnect = useCallback(() => {
    stream.reconnect()
    if (fault) void again.current()
  }, [stream.reconnect, fault])
  return { orders, isConnected: stream.isConnected, connectionError: stream.connectionError ?? fault, reconnect }
}

export interface RouletteNumber {
  value: number
  color: string
  timestamp: string
}

const numbersMost = 50 // that are kept

function addNumber(numbers: RouletteNumber[], { data }: StreamEvent): RouletteNumber[] {
  return data?.update_type === 'new_number' ? [data.number, ...numbers].slice(0, numbersMost) : numbers
}

/**
 * The last numbers of a game, at most 50, the newest first. They come sealed, so `keys` are needed,
 * here or from the provider. k: how many numbers of before the stream begins with.
 */
export function useRouletteStream(gameId: string | null | undefined, token?: StreamOptions['token'] | null, more: Pick<StreamOptions, 'keys'> & { k?: number } = {}): { numbers: RouletteNumber[]; isConnected: boolean } {
  const { base, options } = useSettings()
  const { keys = options.keys, k = 3 } = more
  const known = token ?? options.token
  const url = gameId && (known || options.ticket) ? `${base}/stream/rounds/ROULETTE/${encodeURIComponent(gameId)}/v2/live?k=${k}` : null
  const { value, state } = useEvents<RouletteNumber[]>({ ...options, token: known, keys, url }, addNumber, [])
  return { numbers: value, isConnected: state === 'open' }
}
