"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.OrderBook = void 0;
exports.fetchOrders = fetchOrders;
// SPDX-License-Identifier: PostgreSQL
/**
 * orders.ts: a list of orders that is fetched once and kept current by events. There is no React in
 * here.
 */
const backoff_js_1 = require("./backoff.js");
/**
 * Keeps the list. The list is fetched after the stream has opened. So what it lacks comes as an
 * event, and nothing falls between the two. Events wait while the list is being fetched. An event
 * that was on its way before that may be older than the list. It changes nothing.
 */
class OrderBook {
    #changed;
    #orders = new Map();
    #waiting;
    constructor(changed) {
        this.#changed = changed;
    }
    /** Events that come from now on wait for the list. */
    hold() {
        this.#waiting ??= [];
    }
    fill(list) {
        this.#orders = new Map(list.map((order) => [order.id, order]));
        const waiting = this.#waiting ?? [];
        this.#waiting = undefined;
        for (const act of waiting)
            act();
        this.#show();
    }
    /** Forgets the orders. Another list may follow. */
    clear() {
        this.#waiting = undefined;
        this.#orders.clear();
        this.#show();
    }
    /** Runs act, after the list has come. */
    then(act) {
        if (this.#waiting)
            this.#waiting.push(act);
        else
            act();
    }
    put(order) {
        const known = this.#orders.get(order.id);
        if (known && known.updated_at > order.updated_at)
            return;
        this.#orders.set(order.id, order);
        this.#show();
    }
    /** A cancelled order is kept and not shown, because an older state of it may still arrive. */
    cancel(id) {
        const known = this.#orders.get(id);
        if (known)
            this.#orders.set(id, { ...known, order_status: 'Cancelled' });
        this.#show();
    }
    #show() {
        if (this.#waiting)
            return;
        const seen = [...this.#orders.values()].filter(({ order_status }) => order_status !== 'Cancelled');
        this.#changed(seen.sort((a, b) => (a.created_at < b.created_at ? 1 : -1)));
    }
}
exports.OrderBook = OrderBook;
const pause = (ms, signal) => new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()));
});
async function ask(url, { token, credentials }, signal) {
    const bearer = typeof token === 'function' ? await token({ renew: false }) : token;
    const headers = bearer ? { Authorization: `Bearer ${bearer}` } : {};
    const response = await fetch(url, { headers, signal, credentials: credentials ?? (bearer ? 'omit' : 'same-origin') });
    const body = (await response.json());
    if (!response.ok || !body.data)
        throw new Error(body.errors?.[0] ?? response.statusText);
    return body.data;
}
/**
 * Fetches the list, and tries until it succeeds. failed: gets each failure as a sentence. Undefined
 * if the signal has ended it.
 */
async function fetchOrders(url, access, signal, failed) {
    const backoff = new backoff_js_1.Backoff();
    while (!signal.aborted) {
        try {
            return await ask(url, access, signal);
        }
        catch (error) {
            if (!signal.aborted)
                failed(`The orders cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
        }
        await pause(backoff.next(1000), signal);
    }
    return undefined;
}
//# sourceMappingURL=orders.js.map