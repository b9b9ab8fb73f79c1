"use strict";
// SPDX-License-Identifier: PostgreSQL
/** breath.ts: long work in pieces, so that a page can paint and hear its user between two of them. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Breath = void 0;
const mostMs = 20; // of work in one piece
// Timers would do as well, but browsers slow them down in hidden pages.
function nextTask() {
    const { scheduler, setImmediate } = globalThis;
    if (scheduler?.yield)
        return scheduler.yield();
    if (setImmediate)
        return new Promise((resolve) => void setImmediate(resolve));
    return new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => (port1.close(), resolve());
        port2.postMessage(0);
    });
}
class Breath {
    #since = performance.now();
    /** Waits for another task, if the work has lasted long enough without one. */
    async take() {
        if (performance.now() - this.#since < mostMs)
            return;
        await nextTask();
        this.#since = performance.now();
    }
}
exports.Breath = Breath;
//# sourceMappingURL=breath.js.map