"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Store = void 0;
exports.remembering = remembering;
exports.isAlike = isAlike;
// SPDX-License-Identifier: PostgreSQL
/** store.ts: joins a stream, the rows that it tells of, and those who look at them. */
const change_js_1 = require("./change.js");
const client_js_1 = require("./client.js");
const feed_js_1 = require("./feed.js");
const frame_js_1 = require("./frame.js");
const keeper_js_1 = require("./keeper.js");
const listeners_js_1 = require("./listeners.js");
const loader_js_1 = require("./loader.js");
const types_js_1 = require("./types.js");
const view_js_1 = require("./view.js");
const lostError = () => new types_js_1.StreamError('More has changed than was told, and there is no way to load the rows: give `load`, or the stream a snapshot', false);
class Store {
    #options;
    #keeper;
    #view;
    #loader;
    #frame = new frame_js_1.Frame(() => this.#publish());
    #listeners = new Set();
    #snapshot = { rows: [], status: 'loading', state: 'connecting', error: null };
    #status = 'loading';
    #state = 'connecting';
    #error = null;
    #stream;
    #cursor = ''; // where a stream goes on that was closed because nobody listened
    #leaving;
    #coming; // the rows of a state that is not whole yet
    #stateful; // true if the stream begins with a state
    constructor(options) {
        this.#options = options;
        this.#view = new view_js_1.View(options);
        this.#keeper = new keeper_js_1.Keeper(options, { reload: () => this.reload(), warn: (error) => options.onError?.(error) });
        this.#loader = new loader_js_1.Loader({
            spread: options.spread ?? 1000,
            begin: () => this.#begin(),
            load: (signal) => options.load(signal),
            loaded: (rows, held) => this.#loaded(rows, held),
            failed: (error) => this.#fail(error),
        });
    }
    // --- what users see ---
    subscribe = (listener) => {
        const entry = () => listener();
        this.#listeners.add(entry);
        this.#open();
        return () => {
            if (this.#listeners.delete(entry) && this.#listeners.size === 0)
                this.#leave();
        };
    };
    getSnapshot = () => this.#snapshot;
    get(key) {
        return this.#keeper.get(key);
    }
    select(select, isEqual) {
        const read = remembering(select, isEqual);
        const getSnapshot = () => read(this.#snapshot);
        const subscribe = (listener) => {
            let last = getSnapshot();
            return this.subscribe(() => {
                const before = last;
                last = getSnapshot();
                if (last !== before)
                    listener();
            });
        };
        return { subscribe, getSnapshot };
    }
    optimistic(change, act) {
        return this.#keeper.optimistic(change, act, () => this.#publish());
    }
    view(options) {
        this.#view.change(options, this.#keeper.table);
        this.#publish(true);
    }
    reload() {
        if (this.#status === 'ready')
            this.#status = 'stale';
        if (!this.#stream)
            this.#cursor = '';
        else if (this.#stateful !== undefined)
            this.#loader.again();
        this.#frame.ask();
    }
    reconnect() {
        this.#stream?.reconnect();
    }
    close() {
        this.#part();
        this.#cursor = '';
        this.#coming = undefined;
        this.#status = 'loading';
        this.#state = 'closed';
        this.#keeper.fill([]);
        this.#publish();
    }
    // --- the stream ---
    #open() {
        clearTimeout(this.#leaving);
        if (this.#stream)
            return;
        const { onEvent, onControl, onReset, onState, key, change, load, topic, version, spread, linger, filter, sort, ...options } = this.#options;
        this.#state = 'connecting';
        this.#stream = (0, client_js_1.connect)({
            ...options,
            lastEventId: this.#cursor || options.lastEventId,
            onEvent: (event) => {
                this.#take(event);
                if (onControl && listeners_js_1.controls.has(event.event))
                    onControl(event);
                else
                    onEvent?.(event);
            },
            onReset: (reason) => (this.#reset(), onReset?.(reason)),
            onState: (state) => (this.#show(state), onState?.(state)),
            onError: (error) => this.#fail(error),
        });
        this.#frame.ask();
    }
    #leave() {
        this.#leaving = setTimeout(() => this.#part(), this.#options.linger ?? 1000);
    }
    // The rows stay. Who listens again goes on where the stream was.
    #part() {
        clearTimeout(this.#leaving);
        this.#loader.stop();
        this.#frame.cancel();
        if (!this.#stream)
            return;
        this.#cursor = this.#status === 'ready' ? this.#stream.cursor : '';
        const stream = this.#stream;
        this.#stream = undefined;
        stream.close();
    }
    #show(state) {
        this.#state = state;
        if (state === 'open')
            this.#error = null;
        if (state === 'open' && this.#stream?.cursor)
            this.#begunPlain();
        this.#frame.ask();
    }
    // The stream is open, or tells of changes, and no state has come: it begins with none.
    #begunPlain() {
        if (this.#stateful || this.#coming)
            return;
        this.#stateful = false;
        if (this.#status === 'ready' || this.#loader.busy)
            return;
        if (this.#options.load)
            return this.#loader.now();
        if (this.#status === 'stale')
            this.#keeper.fill([]);
        this.#status = 'ready';
    }
    #take(event) {
        if (event.event === 'snapshot')
            return this.#takeItem(event.data);
        if (event.event === 'ready')
            return this.#whole();
        this.#begunPlain();
        this.#loader.hold(event);
        this.#keeper.apply(event);
        this.#frame.ask();
    }
    #takeItem(item) {
        this.#stateful = true;
        const row = (0, change_js_1.rowIn)(item, this.#keeper.keyOf);
        (this.#coming ??= []).push(row ?? Object(item)); // one without a key is told of when the state is whole
    }
    #whole() {
        this.#stateful = true;
        this.#keeper.fill(this.#coming ?? []);
        this.#coming = undefined;
        this.#status = 'ready';
        this.#frame.ask();
    }
    #reset() {
        this.#coming = undefined;
        if (this.#status === 'ready')
            this.#status = 'stale';
        if (this.#stateful === false)
            this.#loseAll();
        this.#frame.ask();
    }
    // What was missed is lost, and no state follows.
    #loseAll() {
        if (this.#options.load)
            return this.#loader.again();
        this.#keeper.fill([]);
        this.#status = 'ready';
    }
    #begin() {
        if (this.#stateful)
            return this.#stream?.reconnect({ fresh: true });
        if (this.#options.load)
            return this.#loader.now();
        this.#fail(lostError());
        this.#loseAll();
    }
    #loaded(rows, held) {
        this.#keeper.fill(rows);
        for (const event of held)
            this.#keeper.apply(event);
        this.#status = this.#loader.waits ? 'stale' : 'ready';
        this.#error = null;
        this.#frame.ask();
    }
    #fail(error) {
        this.#error = error;
        this.#frame.ask();
        this.#options.onError?.(error);
    }
    #publish(always = false) {
        this.#frame.cancel();
        const { status, state, error } = this.#snapshot;
        const other = this.#view.update(this.#keeper.table) || always;
        if (!other && status === this.#status && state === this.#state && error === this.#error)
            return;
        this.#snapshot = { rows: this.#view.rows, status: this.#status, state: this.#state, error: this.#error };
        for (const listener of [...this.#listeners])
            (0, feed_js_1.guarded)(listener);
    }
}
exports.Store = Store;
/** Makes a value of each snapshot once. A value that is equal to the one before is that one. */
function remembering(select, isEqual = isAlike, last) {
    let seen;
    return (snapshot) => {
        if (seen?.snapshot === snapshot)
            return last.value;
        seen = { snapshot };
        const value = select(snapshot);
        if (!last || !isEqual(last.value, value))
            last = { value };
        return last.value;
    };
}
/** True for values that are the same, and for lists and objects of the same values. */
function isAlike(a, b) {
    if (Object.is(a, b))
        return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
        return false;
    const names = Object.keys(a);
    return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name]));
}
//# sourceMappingURL=store.js.map