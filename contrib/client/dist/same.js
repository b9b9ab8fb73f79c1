// SPDX-License-Identifier: PostgreSQL
/** same.ts: says whether two functions are the same one, as a text that can be compared. */
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
export const functions = new Functions();
//# sourceMappingURL=same.js.map