// SPDX-License-Identifier: PostgreSQL
/** backoff.ts: how long to wait before the next attempt, and who notices silence. */
/** The wait of attempt n is drawn from [0, min * 2^n], at most max ("full jitter"), on top of what the server asks for. */
export class Backoff {
    #min;
    #max;
    #random;
    #attempt = 0;
    constructor(bounds = {}, random = Math.random) {
        this.#min = bounds.min ?? 1000;
        this.#max = Math.max(bounds.max ?? 30_000, this.#min);
        this.#random = random;
    }
    /** floor: what the server asks for, by `retry:` or Retry-After. */
    next(floor = 0) {
        const most = Math.min(this.#max, this.#min * 2 ** this.#attempt++);
        return floor + this.#random() * most;
    }
    /** A wait that only spreads those who come back at once. */
    soon() {
        return this.#random() * this.#min;
    }
    reset() {
        this.#attempt = 0;
    }
}
/** Calls back once when heard() was not called for so long. The timer is not moved at each call, it looks again. */
export class Silence {
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
    /** Whether it is over, though no timer could run (a page that slept). */
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
