"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.noRows = exports.isStore = void 0;
exports.storeOf = storeOf;
const store_js_1 = require("./store.js");
const isStore = (given) => 'getSnapshot' in given;
exports.isStore = isStore;
/** The store that is given, or a new one. */
function storeOf(given) {
    if ((0, exports.isStore)(given))
        return given;
    return given.url ? new store_js_1.Store(given) : exports.noRows;
}
const nothing = { rows: [], status: 'loading', state: 'closed', error: null };
/** What is shown without a url. */
exports.noRows = {
    subscribe: () => () => { },
    getSnapshot: () => nothing,
    get: () => undefined,
    select: (select) => ({ subscribe: () => () => { }, getSnapshot: () => select(nothing) }),
    optimistic: async (_, act) => act(),
    view: () => { },
    reload: () => { },
    reconnect: () => { },
    close: () => { },
};
//# sourceMappingURL=given.js.map