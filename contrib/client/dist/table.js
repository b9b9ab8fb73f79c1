// SPDX-License-Identifier: PostgreSQL
/**
 * table.ts: rows by their keys, as the server tells them. Changes that the server has not told yet
 * lie in layers above them. A layer that is taken away shows what the server says.
 */
import { memberOf } from './items.js';
const isKey = (value) => value !== undefined && value !== null;
export function keyReader(key) {
    if (typeof key === 'function')
        return (data) => (typeof data === 'object' && data !== null ? textOf([key(data)]) : undefined);
    const names = typeof key === 'string' ? [key] : key;
    return (data) => textOf(names.map((name) => memberOf(data, name)));
}
/** The text of a key: that of its value, or of all its values. */
export function textOf(values) {
    if (!values.every(isKey))
        return undefined;
    return values.length === 1 ? String(values[0]) : JSON.stringify(values.map(String));
}
export class Table {
    #rows = new Map();
    #layers = new Set();
    #changed = new Set();
    get(key) {
        let row = this.#rows.get(key);
        for (const { rows } of this.#layers)
            if (rows.has(key))
                row = rows.get(key);
        return row;
    }
    /** What the server has told, without layers. */
    told(key) {
        return this.#rows.get(key);
    }
    toldRows() {
        return this.#rows.values();
    }
    put(key, row) {
        this.#rows.set(key, row);
        this.#touch(key);
    }
    remove(key) {
        if (this.#rows.delete(key))
            this.#touch(key);
        else
            this.#see(key);
    }
    /** Takes other rows in place of all that the server has told. */
    replace(rows) {
        this.#rows = rows;
        this.#changed = 'all';
        for (const { rows: layer } of this.#layers)
            for (const key of layer.keys())
                this.#see(key);
    }
    /** The rows that are shown, in the order in which they came. */
    *entries() {
        if (this.#layers.size === 0)
            return yield* this.#rows;
        const added = new Set();
        for (const { rows } of this.#layers)
            for (const key of rows.keys())
                if (!this.#rows.has(key))
                    added.add(key);
        for (const key of [...this.#rows.keys(), ...added]) {
            const row = this.get(key);
            if (row)
                yield [key, row];
        }
    }
    /** The keys that have changed since the last call, or `all`. */
    takeChanged() {
        const changed = this.#changed;
        this.#changed = new Set();
        return changed;
    }
    // --- layers ---
    lay(rows) {
        const layer = { rows, seen: new Set(), made: false };
        this.#layers.add(layer);
        for (const key of rows.keys())
            this.#mark(key);
        return layer;
    }
    /** The change is made. What the server has told of goes from the layer now, and the rest later. */
    settle(layer) {
        layer.made = true;
        for (const key of layer.seen)
            this.#drop(layer, key);
    }
    lift(layer) {
        for (const key of [...layer.rows.keys()])
            this.#drop(layer, key);
    }
    #drop(layer, key) {
        if (layer.rows.delete(key))
            this.#mark(key);
        if (layer.rows.size === 0)
            this.#layers.delete(layer);
    }
    #touch(key) {
        this.#mark(key);
        this.#see(key);
    }
    #mark(key) {
        if (this.#changed !== 'all')
            this.#changed.add(key);
    }
    #see(key) {
        for (const layer of this.#layers) {
            if (!layer.rows.has(key))
                continue;
            layer.seen.add(key);
            if (layer.made)
                this.#drop(layer, key);
        }
    }
}
//# sourceMappingURL=table.js.map