"use strict";
'use client';
Object.defineProperty(exports, "__esModule", { value: true });
exports.HeraldProvider = HeraldProvider;
exports.useOrdersSSE = useOrdersSSE;
exports.useOrdersPageSSE = useOrdersPageSSE;
exports.useRouletteStream = useRouletteStream;
// SPDX-License-Identifier: PostgreSQL
/**
 * example.ts: React hooks for the pages of contrib/example, to copy from. They follow the orders of
 * a store, and the numbers of a game.
 */
const react_1 = require("react");
const key_js_1 = require("./key.js");
const orders_js_1 = require("./orders.js");
const react_js_1 = require("./react.js");
const Settings = (0, react_1.createContext)({});
function HeraldProvider({ children, ...settings }) {
    return (0, react_1.createElement)(Settings.Provider, { value: settings }, children);
}
function useSettings() {
    const { base = globalThis.location?.origin ?? '', ...options } = (0, react_1.useContext)(Settings);
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
function useOrdersSSE(storeSlug, calls = {}) {
    const { base, options } = useSettings();
    const fetched = (0, react_1.useRef)(false);
    const url = storeSlug ? `${base}/api/orders/events?store=${encodeURIComponent(storeSlug)}` : null;
    const settings = { ...options, url };
    const stream = (0, react_js_1.useStream)({
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
    (0, react_1.useEffect)(() => () => {
        fetched.current = false;
        calls.onEnd?.();
    }, [(0, key_js_1.keyOf)(settings)]);
    return connectionOf(stream);
}
/**
 * The orders of a store that are not cancelled, the newest first. The hook fetches the list after
 * the stream has opened, and keeps it current by the stream's events.
 */
function useOrdersPageSSE(storeSlug, calls = {}) {
    const { base, options } = useSettings();
    const [orders, setOrders] = (0, react_1.useState)([]);
    const [fault, setFault] = (0, react_1.useState)(null);
    const [book] = (0, react_1.useState)(() => new orders_js_1.OrderBook(setOrders));
    const fetching = (0, react_1.useRef)(null);
    const load = async () => {
        fetching.current?.abort();
        const { signal } = (fetching.current = new AbortController());
        book.hold();
        const list = await (0, orders_js_1.fetchOrders)(`${base}/api/orders?store=${encodeURIComponent(storeSlug)}`, options, signal, setFault);
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
    const again = (0, react_1.useRef)(load);
    (0, react_1.useEffect)(() => void (again.current = load));
    const reconnect = (0, react_1.useCallback)(() => {
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
function useRouletteStream(gameId, token, more = {}) {
    const { base, options } = useSettings();
    const { keys = options.keys, k = 3 } = more;
    const known = token ?? options.token;
    const url = gameId && (known || options.ticket) ? `${base}/stream/rounds/ROULETTE/${encodeURIComponent(gameId)}/v2/live?k=${k}` : null;
    const { value, state } = (0, react_js_1.useEvents)({ ...options, token: known, keys, url }, addNumber, []);
    return { numbers: value, isConnected: state === 'open' };
}
//# sourceMappingURL=example.js.map