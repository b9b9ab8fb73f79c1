"use strict";
'use client';
Object.defineProperty(exports, "__esModule", { value: true });
exports.useStream = useStream;
exports.useEvents = useEvents;
exports.useRows = useRows;
// SPDX-License-Identifier: PostgreSQL
/**
 * react.ts: hooks. A stream lives as long as its component is mounted. The second mount of
 * StrictMode costs no second connection. The callbacks and the token are always those of the last
 * render.
 */
const react_1 = require("react");
const client_js_1 = require("./client.js");
const frame_js_1 = require("./frame.js");
const given_js_1 = require("./given.js");
const key_js_1 = require("./key.js");
const latest_js_1 = require("./latest.js");
const store_js_1 = require("./store.js");
function useStream(options) {
    const latest = (0, react_1.useRef)(options);
    const stream = (0, react_1.useRef)(null);
    const [state, setState] = (0, react_1.useState)(options.url ? 'connecting' : 'closed');
    const [error, setError] = (0, react_1.useState)(null);
    (0, react_1.useEffect)(() => {
        latest.current = options;
    });
    (0, react_1.useEffect)(() => {
        if (!latest.current.url)
            return setState('closed');
        const { opened, end } = open(latest, setState, setError);
        stream.current = opened;
        return () => {
            stream.current = null;
            end();
        };
    }, [(0, key_js_1.keyOf)(options)]);
    (0, react_1.useEffect)(() => {
        if (stream.current?.state === 'closed')
            stream.current.reconnect(); // the token before had ended
    }, [typeof options.token === 'string' && options.token]);
    const reconnect = (0, react_1.useCallback)(() => stream.current?.reconnect(), []);
    return { state, error, reconnect, get cursor() { return stream.current?.cursor ?? ''; } };
}
function open(latest, setState, setError) {
    let ended = false;
    const options = (0, latest_js_1.delegating)(latest);
    setState('connecting');
    setError(null);
    const opened = (0, client_js_1.connect)({
        ...options,
        onError: (error) => {
            setError(error);
            options.onError?.(error);
        },
        onState: (state) => {
            if (ended)
                return;
            setState(state);
            if (state === 'open')
                setError(null);
            options.onState?.(state);
        },
    });
    return { opened, end: () => ((ended = true), opened.close()) };
}
/** The steps of a frame, which are one render. */
class Steps {
    #steps = [];
    #take;
    #frame = new frame_js_1.Frame(() => this.#flush());
    constructor(take) {
        this.#take = take;
    }
    add(step) {
        this.#steps.push(step);
        this.#frame.ask();
    }
    /** Forgets what has not been taken. */
    beginAnew() {
        this.#steps = [null];
        this.#frame.cancel();
        this.#flush();
    }
    #flush() {
        const steps = this.#steps;
        this.#steps = [];
        this.#take(steps);
    }
}
function useEvents(options, reduce, initial) {
    const fold = (before, steps) => steps.reduce((now, step) => (step ? reduce(now, step) : initial), before);
    const [value, dispatch] = (0, react_1.useReducer)(fold, initial);
    const kept = (0, react_1.useRef)(undefined);
    const steps = (kept.current ??= new Steps(dispatch));
    const stream = useStream({
        ...options,
        onEvent: (event) => {
            steps.add(event);
            options.onEvent?.(event);
        },
        onReset: (reason) => {
            steps.add(null);
            options.onReset?.(reason);
        },
    });
    (0, react_1.useEffect)(() => () => steps.beginAnew(), [(0, key_js_1.keyOf)(options)]);
    return Object.defineProperty({ ...stream, value }, 'cursor', { get: () => stream.cursor });
}
function useRows(source, select, isEqual) {
    const store = useStore(source);
    const last = (0, react_1.useRef)(undefined);
    const shown = (0, react_1.useMemo)(() => select ?? ((snapshot) => ({ ...snapshot, store })), [store, select]);
    const read = (0, react_1.useMemo)(() => (0, store_js_1.remembering)(shown, isEqual, last.current), [shown, isEqual]);
    const get = () => read(store.getSnapshot());
    const value = (0, react_1.useSyncExternalStore)(store.subscribe, get, get);
    (0, react_1.useEffect)(() => {
        last.current = { value };
    }, [value]);
    return value;
}
// The store of these options. It goes on over renders, StrictMode and Fast Refresh.
function useStore(source) {
    const options = (0, given_js_1.isStore)(source) ? undefined : source;
    const key = options && JSON.stringify([(0, key_js_1.keyOf)(options), options.key, options.topic, options.version]);
    const latest = (0, react_1.useRef)(options);
    const kept = (0, react_1.useRef)(undefined); // a memo would be made anew by Fast Refresh
    if (options && kept.current?.key !== key)
        kept.current = { key: key, store: keptOf(latest, options) };
    const store = options ? kept.current.store : source;
    const first = (0, react_1.useRef)(true);
    (0, react_1.useEffect)(() => {
        latest.current = options;
    });
    (0, react_1.useEffect)(() => {
        if (options && !first.current)
            store.view(options);
        first.current = false;
    }, options?.deps ?? []);
    const token = options && typeof options.token === 'string' && options.token;
    (0, react_1.useEffect)(() => {
        if (store.getSnapshot().state === 'closed' && !first.current)
            store.reconnect(); // the token before had ended
    }, [token]);
    return store;
}
function keptOf(latest, options) {
    latest.current = options; // those of this render, because another stream begins with it
    if (!options.url)
        return given_js_1.noRows;
    const { change, load } = options;
    return new store_js_1.Store({
        ...(0, latest_js_1.delegating)(latest),
        change: change && Object.fromEntries(Object.keys(change).map((name) => [name, (...args) => latest.current.change?.[name]?.(...args)])),
        load: load && ((signal) => latest.current.load(signal)),
    });
}
//# sourceMappingURL=react.js.map