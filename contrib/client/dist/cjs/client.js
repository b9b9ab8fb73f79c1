"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.connect = connect;
// SPDX-License-Identifier: PostgreSQL
/**
 * client.ts: joins the parts. A feed calls the callbacks of the application, a source keeps the
 * connection, and Tabs share it between tabs.
 */
const access_js_1 = require("./access.js");
const feed_js_1 = require("./feed.js");
const listeners_js_1 = require("./listeners.js");
const patience_js_1 = require("./patience.js");
const page_js_1 = require("./page.js");
const source_js_1 = require("./source.js");
const heartbeatMs = 30_000;
const dayMs = 86_400_000; // the most for staleAfter, because timers take no Infinity
function sourceOptions({ staleAfter = 2.5 * heartbeatMs, backoff = {}, fallback = true }) {
    const { after = 5000, again = 180_000 } = typeof fallback === 'object' ? fallback : {};
    return { staleAfter: Math.min(staleAfter, dayMs), backoff, fallback: fallback ? { after, again } : undefined };
}
class Client {
    #options;
    #settings;
    #access;
    #listeners;
    #feed;
    #source;
    #leavePage;
    #tabs;
    #state; // undefined before onState has been called
    #error = null;
    #turn = 0; // changes when a begin() that is under way must give up
    #closed = false;
    constructor(options) {
        this.#options = options;
        this.#settings = sourceOptions(options);
        this.#access = new access_js_1.Access(options);
        this.#access.onIdentity = () => this.#tabs && this.#begin();
        this.#listeners = new listeners_js_1.Listeners(options, feed_js_1.guarded);
        this.#feed = new feed_js_1.Feed({
            keys: options.keys,
            lastEventId: options.lastEventId,
            parse: options.parse,
            onEvent: (event) => this.#listeners.tell(event),
            onReset: (reason) => this.#listeners.reset(reason),
        }, (error) => this.#tellError(error));
        this.#source = new source_js_1.Source(this.#access, {
            resumeFrom: () => this.#feed.resumeFrom(),
            take: (item) => this.#take(item),
            state: (state) => (this.#tabs ? this.#tabs.tellState(state) : this.#show(state)),
            error: (error) => this.#fail(error),
            heard: () => this.#tabs?.beat(),
            prepare: () => this.#feed.prepare(),
        }, this.#settings);
        this.#leavePage = (0, page_js_1.watchPage)({ away: () => this.#part(), back: () => void this.#begin() });
        if (options.signal)
            this.#obey(options.signal);
        void this.#begin();
    }
    #obey(signal) {
        signal.addEventListener('abort', () => this.close(), { once: true });
        if (signal.aborted)
            queueMicrotask(() => this.close());
    }
    get state() {
        return this.#state ?? 'connecting';
    }
    get error() {
        return this.#error;
    }
    get cursor() {
        return this.#feed.delivered;
    }
    close() {
        if (this.#closed)
            return;
        this.#part();
        this.#leavePage();
        this.#show('closed');
        this.#closed = true;
        this.#feed.close();
        this.#listeners.end();
    }
    reconnect({ fresh = false } = {}) {
        if (this.#closed)
            return;
        if (fresh)
            this.#part(); // no item of the connection before may come after this
        if (fresh)
            this.#feed.forget();
        if (fresh || this.#state === 'closed')
            void this.#begin();
        else if (this.#tabs)
            this.#tabs.reconnect();
        else
            this.#source.restart();
    }
    on(name, handler) {
        return this.#listeners.on(name, handler);
    }
    [Symbol.asyncIterator]() {
        return this.#listeners.loop(() => this.close());
    }
    // Lets go of the connection and the tabs. begin() goes on at the cursor of this tab.
    #part() {
        this.#turn++;
        this.#source.stop();
        this.#tabs?.close();
        this.#tabs = undefined;
    }
    async #begin() {
        this.#part();
        const turn = this.#turn;
        if (this.#state)
            this.#show('connecting');
        await Promise.resolve(); // a caller that closes at once makes no request
        if (turn !== this.#turn)
            return;
        this.#show('connecting');
        await this.#feed.prepare().catch(() => { }); // an attempt tells that
        const join = await this.#meeting();
        if (turn !== this.#turn)
            return;
        if (join)
            this.#tabs = join();
        else
            this.#source.start();
    }
    /** Joins those who share a connection. Undefined if this stream has one of its own. */
    async #meeting() {
        if (this.#options.share === false || typeof globalThis.document !== 'object')
            return undefined;
        try {
            const { meeting } = await (0, patience_js_1.inTime)(Promise.resolve().then(() => require('./sharing.js')));
            return await meeting(this.#access, this.#feed, this.#source, {
                staleAfter: this.#settings.staleAfter,
                state: (state) => this.#show(state),
                error: (error) => this.#tellError(error),
            });
        }
        catch {
            return undefined; // there is no token, or no module; the source tells that, and asks again
        }
    }
    #take(item) {
        if (this.#feed.take(item))
            this.#tabs?.tell(item);
    }
    #fail(error) {
        if (error.final) {
            this.#part(); // another tab may have a better token
            this.#show('closed');
        }
        else
            this.#tabs?.tellError(error);
        this.#tellError(error); // after the state, because onError may call reconnect()
        if (error.final && this.#state === 'closed')
            this.#listeners.end(error);
    }
    #tellError(error) {
        this.#error = error;
        if (!this.#closed)
            (0, feed_js_1.guarded)(() => this.#options.onError?.(error));
    }
    #show(state) {
        if (this.#closed || state === this.#state || (state === 'connecting' && this.#state === 'stale'))
            return;
        this.#state = state;
        if (state === 'open')
            this.#error = null;
        this.#access.log(state);
        (0, feed_js_1.guarded)(() => this.#options.onState?.(state));
    }
}
function connect(options) {
    return new Client(options);
}
//# sourceMappingURL=client.js.map