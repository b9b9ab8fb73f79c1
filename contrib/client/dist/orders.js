// SPDX-License-Identifier: PostgreSQL
/** orders.ts: a list of orders that is fetched once and kept by events. No React here. */
import { Backoff } from './backoff.js';
/**
 * The list is fetched behind the opening of the stream, so what it lacks comes as an event: nothing falls between the two. Events wait while it is
 * under way, and one that says less than the list (it was on its way already) changes nothing.
 */
export class OrderBook {
    #changed;
    #orders = new Map();
    #waiting;
    constructor(changed) {
        this.#changed = changed;
    }
    /** What comes from now on waits for the list. */
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
    /** Another list is to come, or none. */
    clear() {
        this.#waiting = undefined;
        this.#orders.clear();
        this.#show();
    }
    /** Does it, once the list is there. */
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
    /** A cancelled order is kept, unseen: what is older may still arrive. */
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
/** The list; asked for until it is there. Undefined: the signal has ended it. */
export async function fetchOrders(url, access, signal, failed) {
    const backoff = new Backoff();
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
