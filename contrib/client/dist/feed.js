// SPDX-License-Identifier: PostgreSQL
/**
 * feed.ts: tells the application what a stream brings. Each event is told once and in order,
 * whichever connection it came by. The feed owns the cursor.
 */
import { isKnown } from './cursor.js';
import { StreamError } from './types.js';
const isSealed = (data) => typeof data === 'string' && data.startsWith('Fe26.2*');
export class Feed {
    /** Everything up to this id has been taken. Empty if no id has come yet. */
    received = '';
    /** Everything up to this id has been told. Sealed data is told later than it is taken. */
    delivered = '';
    #options;
    #onError;
    #initial;
    #begun = false; // half a state was told: events have come, and no id yet
    #queue;
    #closed = false;
    constructor(options, onError) {
        this.#options = options;
        this.#onError = onError;
        this.#initial = options.lastEventId ?? '';
    }
    resumeFrom() {
        return this.received || this.#initial;
    }
    /** Loads what sealed data needs. Rejects if it cannot be loaded now. */
    async prepare() {
        if (this.#options.keys !== undefined)
            await import('./sealed.js');
    }
    /** Takes an item of a connection. False if it was known already. */
    take(item) {
        if (item.kind === 'event')
            return this.#takeEvent(item);
        if (item.kind === 'reset')
            this.#reset(item.reason, item.id);
        else if (item.kind === 'begin' && this.#begun)
            this.#reset('interrupted', item.id);
        else if (item.kind === 'place' || this.received === '')
            this.#place(item.id);
        return true;
    }
    /** Forgets the place. A state follows, or what comes from now on. */
    forget() {
        this.#reset('asked', '');
    }
    close() {
        this.#closed = true;
    }
    #takeEvent({ id, event, data }) {
        if (isKnown(id, this.received))
            return false;
        if (id)
            this.received = id;
        this.#begun = this.received === '';
        this.#deliver(id, event, data);
        return true;
    }
    #place(id) {
        if (id === '' || isKnown(id, this.received))
            return;
        this.received = id;
        this.#begun = false;
        this.#then(() => void (this.delivered = id));
    }
    #reset(reason, id) {
        this.received = id;
        this.#initial = '';
        this.#begun = false;
        this.#then(() => {
            this.delivered = id;
            this.#call(() => this.#options.onReset?.(reason));
        });
    }
    #deliver(id, event, data) {
        const { keys } = this.#options;
        if (!isSealed(data))
            this.#then(() => this.#tell({ id, event, data }));
        else if (keys === undefined)
            this.#then(() => this.#tell({ id, event, data, sealed: true }));
        else
            this.#open(id, event, data, keys);
    }
    // Unsealing begins at once. Its result is told in its turn.
    #open(id, event, text, keys) {
        const opening = import('./sealed.js').then(({ opened }) => opened({ id, event, text, keys, parse: this.#options.parse }))
            .catch((error) => new StreamError(error.message, false));
        this.#then(async () => {
            const open = await opening;
            if (open instanceof StreamError)
                this.#onError(open);
            else
                this.#tell(open);
        });
    }
    #tell(event) {
        if (event.id)
            this.delivered = event.id;
        this.#call(() => this.#options.onEvent?.(event));
    }
    #call(callback) {
        if (!this.#closed)
            guarded(callback);
    }
    // Runs the steps in order, at once if no step is waited for.
    #then(step) {
        const result = this.#queue ? this.#queue.then(step) : step();
        if (!result)
            return;
        const queue = (this.#queue = result.then(() => {
            if (this.#queue === queue)
                this.#queue = undefined;
        }));
    }
}
/**
 * Runs a callback of the application. Its error is the application's, so it is reported as an
 * uncaught one, and the stream goes on.
 */
export function guarded(callback) {
    try {
        callback();
    }
    catch (error) {
        if (typeof globalThis.reportError === 'function')
            globalThis.reportError(error);
        else
            queueMicrotask(() => { throw error; });
    }
}
//# sourceMappingURL=feed.js.map