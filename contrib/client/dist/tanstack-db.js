import { storeOf } from './given.js';
import { keyReader } from './table.js';
import { isAlike } from './store.js';
const seenMs = 5000;
export function heraldCollection(given) {
    const store = storeOf(given), getKey = keyFrom(given.key);
    return {
        getKey,
        sync: { sync: (lent) => feed(store, getKey, lent), rowUpdateMode: 'full' },
        utils: { store, seen: (key, passes) => seen(store, () => passes(store.get(key))) },
    };
}
function keyFrom(key) {
    const textOf = keyReader(key);
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
            if (!isAlike(known.get(key), value))
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