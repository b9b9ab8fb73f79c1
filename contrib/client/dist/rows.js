import { Store } from './store.js';
export function rows(options) {
    return new Store(options);
}
//# sourceMappingURL=rows.js.map