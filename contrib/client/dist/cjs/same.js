"use strict";
// SPDX-License-Identifier: PostgreSQL
/** same.ts: says whether two functions are the same one, and whether two values mean the same. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.functions = void 0;
exports.isSame = isSame;
/** True if they mean the same as columns. A number may be a text, and undefined is null. */
function isSame(a, b) {
    const [x, y] = [a ?? null, b ?? null].map((value) => value?.valueOf());
    if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null)
        return String(x) === String(y);
    const names = Object.keys(x);
    return names.length === Object.keys(y).length && names.every((name) => isSame(x[name], y[name]));
}
class Functions {
    #ids = new WeakMap();
    #originals = new WeakMap();
    #last = 0;
    /** A number for a function. All else is as it is. */
    idOf(value) {
        if (typeof value !== 'function')
            return value;
        const it = this.#originals.get(value) ?? value;
        if (!this.#ids.has(it))
            this.#ids.set(it, ++this.#last);
        return { function: this.#ids.get(it) };
    }
    /** Counts a function as another one, which it calls. */
    standIn(stands, original) {
        this.#originals.set(stands, this.#originals.get(original) ?? original);
        return stands;
    }
}
exports.functions = new Functions();
//# sourceMappingURL=same.js.map