"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Loader = void 0;
// SPDX-License-Identifier: PostgreSQL
/**
 * loader.ts: gets rows from the application, once more whenever it is asked to. Events that come
 * meanwhile are held, because the rows may be older than they are.
 */
const backoff_js_1 = require("./backoff.js");
const types_js_1 = require("./types.js");
class Loader {
    #calls;
    #timer;
    #loading;
    #held = [];
    constructor(calls) {
        this.#calls = calls;
    }
    get busy() {
        return this.#loading !== undefined || this.#timer !== undefined;
    }
    /** True if the rows will be loaded again, so those that come before that are stale. */
    get waits() {
        return this.#timer !== undefined;
    }
    /** Begins anew after a random time. */
    again() {
        this.#timer ??= setTimeout(() => {
            this.#timer = undefined;
            this.#calls.begin();
        }, Math.random() * this.#calls.spread);
    }
    hold(event) {
        if (this.#loading)
            this.#held.push(event);
    }
    stop() {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.#loading?.abort();
        this.#loading = undefined;
        this.#held = [];
    }
    /** Asks for the rows until they come. An answer that is on its way counts no more. */
    now() {
        this.stop();
        const loading = (this.#loading = new AbortController());
        void this.#run(loading.signal);
    }
    async #run(signal) {
        for (const backoff = new backoff_js_1.Backoff(); !signal.aborted;) {
            this.#held = [];
            try {
                const rows = await this.#calls.load(signal);
                if (signal.aborted)
                    return;
                this.#loading = undefined;
                return this.#calls.loaded(rows, this.#held.splice(0));
            }
            catch (error) {
                if (!signal.aborted)
                    this.#calls.failed(new types_js_1.StreamError(`The rows cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, false));
            }
            await new Promise((resolve) => setTimeout(resolve, backoff.next(1000)));
        }
    }
}
exports.Loader = Loader;
//# sourceMappingURL=loader.js.map