import { Store } from './store.js';
export const isStore = (given) => 'getSnapshot' in given;
/** The store that is given, or a new one. */
export function storeOf(given) {
    if (isStore(given))
        return given;
    return given.url ? new Store(given) : noRows;
}
const nothing = { rows: [], status: 'loading', state: 'closed', error: null };
/** What is shown without a url. */
export const noRows = {
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