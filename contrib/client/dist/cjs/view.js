"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.View = void 0;
class View {
    /** another array after each change */
    rows = [];
    #options;
    #compare;
    #sorted = [];
    #shown = new Map();
    constructor(options) {
        this.#options = options;
        this.#compare = comparing(options);
    }
    /** Takes over what has changed in the table. True if other rows are shown. */
    update(table) {
        const changed = table.takeChanged();
        if (changed !== 'all' && changed.size === 0)
            return false;
        if (!this.#options.sort)
            this.rows = this.#passing(table);
        else
            this.#show(changed === 'all' ? this.#rebuilt(table) : this.#merged(table, changed));
        return true;
    }
    /** Shows other rows, or in another order. */
    change(options, table) {
        this.#options = options;
        this.#compare = comparing(options);
        table.takeChanged();
        if (options.sort)
            this.#show(this.#rebuilt(table));
        else
            this.rows = this.#passing(table);
    }
    #passes(row) {
        return row !== undefined && (!this.#options.filter || this.#options.filter(row));
    }
    #passing(table) {
        const rows = [];
        for (const [, row] of table.entries())
            if (this.#passes(row))
                rows.push(row);
        return rows;
    }
    #show(sorted) {
        this.#sorted = sorted;
        this.rows = sorted.map(({ row }) => row);
    }
    #rebuilt(table) {
        this.#shown.clear();
        for (const [key, row] of table.entries()) {
            if (this.#passes(row))
                this.#shown.set(key, { row, place: table.placeOf(key) });
        }
        return [...this.#shown.values()].sort(this.#compare);
    }
    #merged(table, changed) {
        const gone = new Set(), come = [];
        for (const key of changed) {
            const before = this.#shown.get(key), row = table.get(key);
            if (before)
                gone.add(before);
            this.#shown.delete(key);
            if (!this.#passes(row))
                continue;
            const entry = { row, place: table.placeOf(key) };
            this.#shown.set(key, entry);
            come.push(entry);
        }
        return merge(this.#sorted, gone, come.sort(this.#compare), this.#compare);
    }
}
exports.View = View;
function comparing({ sort }) {
    return (a, b) => (sort?.(a.row, b.row) ?? 0) || a.place - b.place;
}
// The first list without those that are gone, and the second, in one order.
function merge(list, gone, come, compare) {
    const merged = [];
    let next = 0;
    for (const entry of list) {
        if (gone.has(entry))
            continue;
        while (next < come.length && compare(come[next], entry) < 0)
            merged.push(come[next++]);
        merged.push(entry);
    }
    return merged.concat(come.slice(next));
}
//# sourceMappingURL=view.js.map