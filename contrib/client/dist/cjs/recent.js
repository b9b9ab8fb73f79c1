"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Recent = void 0;
// SPDX-License-Identifier: PostgreSQL
/** recent.ts: the last events. A leader tells them to a tab that joins late. */
const cursor_js_1 = require("./cursor.js");
const beside = 100; // bytes that an event takes beside its data
class Recent {
    /** all events after this id are here; empty if there are none */
    from = '';
    #items = [];
    #first = 0; // in items; what stands before is forgotten
    #bytes = 0;
    #most;
    /** most: bytes that the events may take together */
    constructor(most = 1_000_000) {
        this.#most = most;
    }
    get bytes() {
        return this.#bytes;
    }
    add(item, received) {
        if (received === '' || item.kind === 'reset' || this.from === '')
            this.#begin(received);
        else if (item.kind === 'event' && item.id)
            this.#push(item);
    }
    #begin(received) {
        this.from = received;
        this.#items = [];
        this.#first = this.#bytes = 0;
    }
    #push(item) {
        this.#items.push(item);
        this.#bytes += sizeOf(item);
        while (this.#bytes > this.#most)
            this.#forget();
        if (this.#first > this.#items.length / 2)
            this.#compact();
    }
    #compact() {
        this.#items = this.#items.slice(this.#first);
        this.#first = 0;
    }
    #forget() {
        const item = this.#items[this.#first];
        this.from = item.id;
        this.#bytes -= sizeOf(item);
        this.#first++;
    }
    /** The events after this cursor. Undefined if some of them are not known. */
    behind(cursor) {
        if (!(0, cursor_js_1.isCursor)(cursor) || !(0, cursor_js_1.isCursor)(this.from) || (cursor !== this.from && (0, cursor_js_1.isKnown)(cursor, this.from)))
            return undefined;
        return this.#items.filter(({ id }, n) => n >= this.#first && !(0, cursor_js_1.isKnown)(id, cursor));
    }
}
exports.Recent = Recent;
const sizeOf = ({ bytes = 0 }) => bytes + beside;
//# sourceMappingURL=recent.js.map