'use client';
// SPDX-License-Identifier: PostgreSQL
/**
 * example.ts: React hooks for the pages of contrib/example, to copy from. They follow the orders of
 * a store, and the numbers of a game.
 */
import { createContext, createElement, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { keyOf } from './key.js';
import { fetchOrders, OrderBook } from './orders.js';
import { useEvents, useStream } from './react.js';
const Settings = createContext({});
export function HeraldProvider({ children, ...settings }) {
    return createElement(Settings.Provider, { value: settings }, children);
}
function useSettings() {
    const { base = globalThis.location?.origin ?? '', ...options } = useContext(Settings);
    return { base, options };
}
const connectionOf = ({ state, error, reconnect }) => ({
    isConnected: state === 'open',
    connectionError: error?.message ?? null,
    reconnect,
});
function tellOrder({ event, data }, { onNewOrder, onOrderUpdate, onOrderCancel, onFetch }) {
    if (event === 'order_created')
        onNewOrder?.(data.order);
    else if (event === 'order_updated')
        onOrderUpdate?.(data.order.id, data.order);
    else if (event === 'order_cancelled')
        onOrderCancel?.(data.order_id);
    else if (event === 'left')
        onOrderCancel?.(data.key.id); // it belongs to another store now
    else if (event === 'bulk')
        onFetch?.();
}
/** Calls back for each change of a store's orders. There is no stream without storeSlug. */
export function useOrdersSSE(storeSlug, calls = {}) {
    const { base, options } = useSettings();
    const fetched = useRef(false);
    const url = storeSlug ? `${base}/api/orders/events?store=${encodeURIComponent(storeSlug)}` : null;
    const settings = { ...options, url };
    const stream = useStream({
        ...settings,
        onState: (state) => {
            if (state !== 'open' || fetched.current)
                return;
            fetched.current = true;
            calls.onFetch?.();
        },
        onReset: () => calls.onFetch?.(),
        onEvent: (event) => tellOrder(event, calls),
    });
    useEffect(() => () => {
        fetched.current = false;
        calls.onEnd?.();
    }, [keyOf(settings)]);
    return connectionOf(stream);
}
/**
 * The orders of a store that are not cancelled, the newest first. The hook fetches the list after
 * the stream has opened, and keeps it current by the stream's events.
 */
export function useOrdersPageSSE(storeSlug, calls = {}) {
    const { base, options } = useSettings();
    const [orders, setOrders] = useState([]);
    const [fault, setFault] = useState(null);
    const [book] = useState(() => new OrderBook(setOrders));
    const fetching = useRef(null);
    const load = async () => {
        fetching.current?.abort();
        const { signal } = (fetching.current = new AbortController());
        book.hold();
        const list = await fetchOrders(`${base}/api/orders?store=${encodeURIComponent(storeSlug)}`, options, signal, setFault);
        if (!list || signal.aborted)
            return;
        setFault(null);
        book.fill(list);
    };
    const stream = useOrdersSSE(storeSlug, {
        onFetch: () => void load(),
        onEnd: () => {
            fetching.current?.abort();
            setFault(null);
            book.clear();
        },
        onNewOrder: (order) => book.then(() => (book.put(order), calls.onNewOrder?.(order))),
        onOrderUpdate: (id, order) => book.then(() => (book.put(order), calls.onOrderUpdate?.(id, order))),
        onOrderCancel: (id) => book.then(() => (book.cancel(id), calls.onOrderCancel?.(id))),
    });
    const again = useRef(load);
    useEffect(() => void (again.current = load));
    const reconnect = useCallback(() => {
        stream.reconnect();
        if (fault)
            void again.current();
    }, [stream.reconnect, fault]);
    return { orders, isConnected: stream.isConnected, connectionError: stream.connectionError ?? fault, reconnect };
}
const numbersMost = 50; // that are kept
function addNumber(numbers, { data }) {
    return data?.update_type === 'new_number' ? [data.number, ...numbers].slice(0, numbersMost) : numbers;
}
/**
 * The last numbers of a game, at most 50, the newest first. They come sealed, so `keys` are needed,
 * here or from the provider. k: how many numbers of before the stream begins with.
 */
export function useRouletteStream(gameId, token, more = {}) {
    const { base, options } = useSettings();
    const { keys = options.keys, k = 3 } = more;
    const known = token ?? options.token;
    const url = gameId && (known || options.ticket) ? `${base}/stream/rounds/ROULETTE/${encodeURIComponent(gameId)}/v2/live?k=${k}` : null;
    const { value, state } = useEvents({ ...options, token: known, keys, url }, addNumber, []);
    return { numbers: value, isConnected: state === 'open' };
}
//# sourceMappingURL=example.js.map