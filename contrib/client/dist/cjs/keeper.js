"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Keeper = void 0;
// SPDX-License-Identifier: PostgreSQL
/** keeper.ts: does to a table what events and the application say. */
const change_js_1 = require("./change.js");
const same_js_1 = require("./same.js");
const table_js_1 = require("./table.js");
const types_js_1 = require("./types.js");
const settleMs = 5000; // that a change waits for the server's word
const keyless = (what) => new types_js_1.StreamError(`${what} has no key: it must have the columns that \`key\` names`, false);
class Keeper {
    table = new table_js_1.Table();
    keyOf;
    #options;
    #calls;
    #unknown = new Set(); // names of events that nobody knew what to do with
    constructor(options, calls) {
        this.#options = options;
        this.#calls = calls;
        this.keyOf = (0, table_js_1.keyReader)(options.key);
    }
    get(key) {
        const text = this.#textOf(key);
        return text === undefined ? undefined : this.table.get(text);
    }
    /** Takes these in place of all rows. */
    fill(rows) {
        const filled = new Map();
        for (const row of rows) {
            const key = this.keyOf(row);
            if (key === undefined)
                this.#calls.warn(keyless('A row'));
            else
                filled.set(key, row);
        }
        this.table.replace(filled);
    }
    /** Does what an event says. */
    apply(event) {
        if (!(0, change_js_1.isAbout)(event, this.#options.topic))
            return;
        const { change } = this.#options;
        const known = change && Object.hasOwn(change, event.event) ? change[event.event] : undefined;
        if (known)
            return known(event.data, this.changes, event);
        if ((0, change_js_1.applyDefault)(event, this.changes, this.keyOf) || this.#unknown.has(event.event))
            return;
        this.#unknown.add(event.event);
        this.#calls.warn(new types_js_1.StreamError(`The event ${event.event} does not say what it does to rows: name it in \`change\``, false));
    }
    changes = {
        put: (row) => {
            const key = this.keyOf(row);
            if (key === undefined)
                this.#calls.warn(keyless('A row'));
            else if (!this.#isOlder(row, this.table.told(key)))
                this.table.put(key, row);
        },
        merge: (row) => {
            const known = this.table.told(this.keyOf(row) ?? '');
            if (known)
                this.changes.put({ ...known, ...row });
        },
        remove: (key) => {
            const text = this.#textOf(key);
            if (text !== undefined)
                this.table.remove(text);
            else
                this.#removeLike(Object(key));
        },
        clear: () => this.table.replace(new Map()),
        reload: () => this.#calls.reload(),
    };
    /**
     * Shows a change until act() fails, or until the server has told it. shown: called whenever other
     * rows are shown.
     */
    async optimistic(change, act, shown) {
        const layer = this.#drafted(change);
        const lift = () => (this.table.lift(layer), shown());
        this.table.lay(layer);
        shown();
        try {
            const result = await act();
            if (layer.size > 0)
                setTimeout(lift, settleMs);
            return result;
        }
        catch (error) {
            lift();
            throw error;
        }
    }
    #drafted(change) {
        const layer = new Map();
        const draft = (key, values, put) => {
            if (key === undefined)
                return;
            const over = layer.get(key), below = this.table.get(key), shown = over ? (0, table_js_1.laid)(over, below) : below;
            if (!shown && !put)
                return;
            layer.set(key, { patch: { ...over?.patch, ...this.#changing(key, values, shown) }, row: put ?? (over?.row && { ...over.row, ...values }) });
        };
        change({
            put: (row) => draft(this.keyOf(row), row, row),
            merge: (row) => draft(this.keyOf(row), row),
            remove: (key) => {
                const text = this.#textOf(key);
                if (text !== undefined)
                    layer.set(text, { patch: undefined });
            },
        });
        return layer;
    }
    // The members that are other ones than in the told row, or than in the shown one. The rest is not
    // changed, and another's change of it is shown.
    #changing(key, values, shown) {
        const known = [this.table.told(key), shown].filter((row) => row !== undefined);
        return Object.fromEntries(Object.entries(values).filter(([name, value]) => known.some((row) => !(0, same_js_1.isSame)(row[name], value))));
    }
    #isOlder(row, known) {
        const { version } = this.#options;
        return version !== undefined && known !== undefined && known[version] > row[version];
    }
    // The table's own key is another one than that of the rows here, so rows are compared. A key is
    // that of one row at most. What does not name one says too little.
    #removeLike(key) {
        const names = Object.keys(key), rows = [...this.table.toldRows()];
        if (names.length === 0 || rows.some((row) => names.some((name) => !(name in row))))
            return this.#calls.reload();
        const [gone, ...others] = rows.filter((row) => names.every((name) => String(row[name]) === String(key[name])));
        if (others.length > 0)
            this.#calls.reload();
        else if (gone)
            this.table.remove(this.keyOf(gone));
    }
    #textOf(key) {
        if (Array.isArray(key))
            return (0, table_js_1.textOf)(key);
        return typeof key === 'object' && key !== null ? this.keyOf(key) : (0, table_js_1.textOf)([key]);
    }
}
exports.Keeper = Keeper;
//# sourceMappingURL=keeper.js.map