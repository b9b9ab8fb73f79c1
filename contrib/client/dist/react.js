'use client';
// SPDX-License-Identifier: PostgreSQL
/**
 * react.ts: hooks. A stream lives as long as its component is mounted. The second mount of
 * StrictMode costs no second connection. The callbacks and the token are always those of the last
 * render.
 */
import { useCallback, useEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react';
import { connect } from './client.js';
import { Frame } from './frame.js';
import { isStore, noRows } from './given.js';
import { keyOf } from './key.js';
import { delegating } from './latest.js';
import { remembering, Store } from './store.js';
export function useStream(options) {
    const latest = useRef(options);
    const stream = useRef(null);
    const [state, setState] = useState(options.url ? 'connecting' : 'closed');
    const [error, setError] = useState(null);
    useEffect(() => {
        latest.current = options;
    });
    useEffect(() => {
        if (!latest.current.url)
            return setState('closed');
        const { opened, end } = open(latest, setState, setError);
        stream.current = opened;
        return () => {
            stream.current = null;
            end();
        };
    }, [keyOf(options)]);
    useEffect(() => {
        if (stream.current?.state === 'closed')
            stream.current.reconnect(); // the token before had ended
    }, [typeof options.token === 'string' && options.token]);
    const reconnect = useCallback(() => stream.current?.reconnect(), []);
    return { state, error, reconnect, get cursor() { return stream.current?.cursor ?? ''; } };
}
function open(latest, setState, setError) {
    let ended = false;
    const options = delegating(latest);
    setState('connecting');
    setError(null);
    const opened = connect({
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
    #frame = new Frame(() => this.#flush());
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
export function useEvents(options, reduce, initial) {
    const fold = (before, steps) => steps.reduce((now, step) => (step ? reduce(now, step) : initial), before);
    const [value, dispatch] = useReducer(fold, initial);
    const kept = useRef(undefined);
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
    useEffect(() => () => steps.beginAnew(), [keyOf(options)]);
    return Object.defineProperty({ ...stream, value }, 'cursor', { get: () => stream.cursor });
}
export function useRows(source, select, isEqual) {
    const store = useStore(source);
    const last = useRef(undefined);
    const shown = useMemo(() => select ?? ((snapshot) => ({ ...snapshot, store })), [store, select]);
    const read = useMemo(() => remembering(shown, isEqual, last.current), [shown, isEqual]);
    const get = () => read(store.getSnapshot());
    const value = useSyncExternalStore(store.subscribe, get, get);
    useEffect(() => {
        last.current = { value };
    }, [value]);
    return value;
}
// The store of these options. It goes on over renders, StrictMode and Fast Refresh.
function useStore(source) {
    const options = isStore(source) ? undefined : source;
    const key = options && JSON.stringify([keyOf(options), options.key, options.topic, options.version]);
    const latest = useRef(options);
    const kept = useRef(undefined); // a memo would be made anew by Fast Refresh
    if (options && kept.current?.key !== key)
        kept.current = { key: key, store: keptOf(latest, options) };
    const store = options ? kept.current.store : source;
    const first = useRef(true);
    useEffect(() => {
        latest.current = options;
    });
    useEffect(() => {
        if (options && !first.current)
            store.view(options);
        first.current = false;
    }, options?.deps ?? []);
    const token = options && typeof options.token === 'string' && options.token;
    useEffect(() => {
        if (store.getSnapshot().state === 'closed' && !first.current)
            store.reconnect(); // the token before had ended
    }, [token]);
    return store;
}
function keptOf(latest, options) {
    latest.current = options; // those of this render, because another stream begins with it
    if (!options.url)
        return noRows;
    const { change, load } = options;
    return new Store({
        ...delegating(latest),
        change: change && Object.fromEntries(Object.keys(change).map((name) => [name, (...args) => latest.current.change?.[name]?.(...args)])),
        load: load && ((signal) => latest.current.load(signal)),
    });
}
//# sourceMappingURL=react.js.map