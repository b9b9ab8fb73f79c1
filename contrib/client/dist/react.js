// SPDX-License-Identifier: PostgreSQL
/**
 * react.ts: hooks. A stream lives as long as its component is mounted. The second mount of
 * StrictMode costs no second connection. The callbacks and the token are always those of the last
 * render.
 */
import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { connect } from './client.js';
import { keyOf } from './key.js';
/** Keeps a stream open. After its component has gone, the stream does not call onState. */
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
        const opened = open(latest, setState, setError);
        stream.current = opened;
        return () => {
            stream.current = null;
            opened.close();
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
    const { url, token, ticket } = latest.current;
    const options = {
        ...latest.current,
        url: url,
        onEvent: (event) => latest.current.onEvent?.(event),
        onReset: (reason) => latest.current.onReset?.(reason),
        onError: (error) => {
            setError(error);
            latest.current.onError?.(error);
        },
        onState: (state) => {
            if (ended)
                return;
            setState(state);
            if (state === 'open')
                setError(null);
            latest.current.onState?.(state);
        },
    };
    if (token)
        options.token = (ask) => textOf(latest.current.token || token, ask);
    if (typeof ticket === 'function')
        options.ticket = (ask) => functionOf(latest.current.ticket, ticket)(ask);
    setState('connecting');
    setError(null);
    const stream = connect(options);
    return {
        close: () => ((ended = true), stream.close()),
        reconnect: () => stream.reconnect(),
        get state() { return stream.state; },
        get cursor() { return stream.cursor; },
    };
}
const textOf = (token, ask) => (typeof token === 'function' ? token(ask) : token);
function functionOf(now, then) {
    return typeof now === 'function' ? now : then;
}
/**
 * The value that reduce() makes of `initial` and all events so far. A reset or another stream sets
 * it to `initial` again.
 */
export function useEvents(options, reduce, initial) {
    const [value, dispatch] = useReducer((before, event) => (event ? reduce(before, event) : initial), initial);
    const stream = useStream({
        ...options,
        onEvent: (event) => {
            dispatch(event);
            options.onEvent?.(event);
        },
        onReset: (reason) => {
            dispatch(null);
            options.onReset?.(reason);
        },
    });
    useEffect(() => () => dispatch(null), [keyOf(options)]);
    return Object.defineProperty({ ...stream, value }, 'cursor', { get: () => stream.cursor });
}
