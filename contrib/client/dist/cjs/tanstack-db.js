"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.heraldCollection = heraldCollection;
const given_js_1 = require("./given.js");
const table_js_1 = require("./table.js");
const store_js_1 = require("./store.js");
const seenMs = 5000;
function heraldCollection(given) {
    const store = (0, given_js_1.storeOf)(given), getKey = keyFrom(given.key);
    return {
        getKey,
        sync: { sync: (lent) => feed(store, getKey, lent), rowUpdateMode: 'full' },
        utils: { store, seen: (key, passes) => seen(store, () => passes(store.get(key))) },
    };
}
function keyFrom(key) {
    const textOf = (0, table_js_1.keyReader)(key);
    return (row) => {
        const value = typeof key === 'string' ? row[key] : undefined;
        return typeof value === 'number' ? value : textOf(row);
    };
}
// Rows that were loaded again are compared with those before. So there is nothing to truncate, and a
// query is told only of rows that are other ones.
function feed(store, getKey, { begin, write, commit, markReady, markError }) {
    let known = new Map();
    const take = () => {
        const { rows, status, error } = store.getSnapshot();
        if (status === 'loading')
            return void (error?.final && markError?.(error));
        const now = new Map(rows.map((row) => [getKey(row), row]));
        begin();
        for (const [key, value] of now)
            if (!(0, store_js_1.isAlike)(known.get(key), value))
                write({ type: known.has(key) ? 'update' : 'insert', value });
        for (const key of known.keys())
            if (!now.has(key))
                write({ type: 'delete', key });
        commit();
        known = now;
        markReady();
    };
    const leave = store.subscribe(take);
    take();
    return leave;
}
function seen(store, passes) {
    return new Promise((resolve) => {
        const end = () => (clearTimeout(timer), leave(), resolve());
        const timer = setTimeout(() => end(), seenMs);
        const leave = store.subscribe(() => passes() && end());
        if (passes())
            end();
    });
}
//# sourceMappingURL=tanstack-db.js.map