"use strict";
// SPDX-License-Identifier: PostgreSQL
/** patience.ts: waiting for what may never come: a module of the package, or an application's function. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.inTime = inTime;
exports.unlessAborted = unlessAborted;
const moduleMs = 3000;
/** Rejects if the module does not come in time. A browser whose connections are taken waits for ever. */
function inTime(module) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('the module did not come')), moduleMs);
    });
    return Promise.race([module, late]).finally(() => clearTimeout(timer));
}
/** A promise of an application's function may never settle. The attempt must end all the same. */
function unlessAborted(signal, promise) {
    const done = new AbortController();
    const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { signal: done.signal }));
    return Promise.race([promise, aborted]).finally(() => done.abort());
}
//# sourceMappingURL=patience.js.map