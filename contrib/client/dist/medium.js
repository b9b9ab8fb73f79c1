// SPDX-License-Identifier: PostgreSQL
/**
 * medium.ts: where those who share a connection meet: all tabs of the browser, or the components of
 * one page. Both have a lock, which one of them holds, and a channel to all others.
 */
export const tabsOfBrowser = {
    channel: (name) => new BroadcastChannel(name),
    lock: (name, how, held) => navigator.locks.request(name, how, held),
};
/**
 * Resolves to true if locks and channels may be used here. A frame in a sandbox has them and is
 * refused. So is a frame of a site that may keep no data.
 */
export async function canShare() {
    if (typeof globalThis.document !== 'object')
        return false;
    try {
        new BroadcastChannel('pgherald').close();
        await navigator.locks.query();
        return true;
    }
    catch {
        return false;
    }
}
/** The components of one page. What one says is not copied for the others. */
class Page {
    #channels = new Map();
    #queues = new Map();
    channel(name) {
        const others = this.#channels.get(name) ?? new Set();
        this.#channels.set(name, others);
        return new PageChannel(others, () => others.size === 0 && this.#channels.delete(name));
    }
    // Nothing steals it: what holds it up holds up all of the page.
    lock(name, how, held) {
        const queue = this.#queues.get(name) ?? [];
        this.#queues.set(name, queue);
        queue.push(held);
        if ('signal' in how)
            how.signal.addEventListener('abort', () => queue.indexOf(held) > 0 && queue.splice(queue.indexOf(held), 1));
        if (queue.length === 1)
            queueMicrotask(() => void this.#grant(name, queue));
        return new Promise(() => { });
    }
    async #grant(name, queue) {
        while (queue.length > 0) {
            await queue[0]();
            queue.shift();
        }
        this.#queues.delete(name);
    }
}
class PageChannel {
    onmessage = null;
    #others;
    #gone;
    constructor(others, gone) {
        this.#others = others.add(this);
        this.#gone = gone;
    }
    postMessage(data) {
        for (const other of this.#others)
            if (other !== this)
                queueMicrotask(() => other.#others.has(other) && other.onmessage?.({ data }));
    }
    close() {
        this.#others.delete(this);
        this.#gone();
    }
}
export const thisPage = new Page();
//# sourceMappingURL=medium.js.map