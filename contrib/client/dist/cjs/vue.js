"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.useRows = useRows;
// SPDX-License-Identifier: PostgreSQL
/**
 * vue.ts: rows in components of Vue. The stream opens when the component is mounted, so a server that
 * renders opens none. It ends with the component, or with the scope around it.
 */
const vue_1 = require("vue");
const given_js_1 = require("./given.js");
const key_js_1 = require("./key.js");
function useRows(given) {
    const store = (0, vue_1.shallowRef)(given_js_1.noRows), snapshot = (0, vue_1.shallowRef)(given_js_1.noRows.getSnapshot());
    let key, entered = !(0, vue_1.getCurrentInstance)(), leave = () => { };
    const show = () => void (snapshot.value = store.value.getSnapshot());
    const enter = () => {
        leave();
        leave = entered ? store.value.subscribe(show) : leave;
        show();
    };
    (0, vue_1.watch)(() => (0, vue_1.toValue)(given), (now) => {
        const before = key;
        key = (0, given_js_1.isStore)(now) ? now : JSON.stringify([(0, key_js_1.keyOf)(now), now.key, now.topic, now.version]);
        if (key === before)
            return (0, given_js_1.isStore)(now) ? undefined : store.value.view(now);
        store.value = (0, given_js_1.storeOf)(now);
        enter();
    }, { immediate: true });
    if (!entered)
        (0, vue_1.onMounted)(() => ((entered = true), enter()));
    (0, vue_1.onScopeDispose)(() => leave());
    const part = (name) => (0, vue_1.computed)(() => snapshot.value[name]);
    return { rows: part('rows'), status: part('status'), state: part('state'), error: part('error'), store: (0, vue_1.computed)(() => store.value) };
}
//# sourceMappingURL=vue.js.map