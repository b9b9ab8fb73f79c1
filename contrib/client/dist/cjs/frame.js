"use strict";
// SPDX-License-Identifier: PostgreSQL
/** frame.ts: calls back once a frame, however often it is asked to. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Frame = void 0;
const hiddenMs = 100; // between two calls where nothing is painted
const plainMs = 16; // outside browsers
/** Calls back before the next frame. Returns what takes that back. */
function nextFrame(call) {
    const { document, requestAnimationFrame } = globalThis;
    if (typeof requestAnimationFrame !== 'function')
        return timer(call, plainMs);
    if (document.visibilityState === 'hidden')
        return timer(call, hiddenMs);
    const frame = requestAnimationFrame(call);
    const late = timer(call, hiddenMs); // a page that is hidden meanwhile has no frames
    return () => (cancelAnimationFrame(frame), late());
}
function timer(call, ms) {
    const id = setTimeout(call, ms);
    return () => clearTimeout(id);
}
class Frame {
    #call;
    #cancel;
    constructor(call) {
        this.#call = call;
    }
    ask() {
        this.#cancel ??= nextFrame(() => {
            this.cancel();
            this.#call();
        });
    }
    cancel() {
        this.#cancel?.();
        this.#cancel = undefined;
    }
}
exports.Frame = Frame;
//# sourceMappingURL=frame.js.map