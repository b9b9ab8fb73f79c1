"use strict";
// SPDX-License-Identifier: PostgreSQL
/**
 * backoff.ts: Backoff says how long to wait before the next attempt. Silence notices that nothing
 * comes. All times are in ms.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Silence = exports.Backoff = void 0;
/**
 * Waits with full jitter. The wait before attempt n, from 0, is drawn from [0, min * 2^n]. That
 * upper bound is at most max. What the server asks for is added.
 */
class Backoff {
    #min;
    #max;
    #random;
    #attempt = 0;
    constructor(bounds = {}, random = Math.random) {
        this.#min = bounds.min ?? 1000;
        this.#max = Math.max(bounds.max ?? 30_000, this.#min);
        this.#random = random;
    }
    /**
     * The wait before the next attempt. floor: what the server asks for by `retry:` or Retry-After.
     */
    next(floor = 0) {
        const most = Math.min(this.#max, this.#min * 2 ** this.#attempt++);
        return floor + this.#random() * most;
    }
    /** A wait of at most min. It only spreads clients that come back at the same time. */
    soon() {
        return this.#random() * this.#min;
    }
    reset() {
        this.#attempt = 0;
    }
}
exports.Backoff = Backoff;
/**
 * Calls back once if heard() was not called for `ms`. heard() does not restart the timer, so it is
 * cheap. The timer looks again when it fires.
 */
class Silence {
    #ms;
    #silent;
    #since = 0;
    #timer;
    constructor(ms, silent) {
        this.#ms = ms;
        this.#silent = silent;
        this.heard();
    }
    heard() {
        this.#since = Date.now();
        this.#timer ??= setTimeout(this.#look, this.#ms);
    }
    /** Looks now. No timer has run while the page slept, so the time may be over. */
    check() {
        if (this.#timer !== undefined)
            this.#look();
    }
    stop() {
        clearTimeout(this.#timer);
        this.#timer = undefined;
    }
    #look = () => {
        const left = this.#since + this.#ms - Date.now();
        this.stop();
        if (left > 0)
            this.#timer = setTimeout(this.#look, left);
        else
            this.#silent();
    };
}
exports.Silence = Silence;
//# sourceMappingURL=backoff.js.map