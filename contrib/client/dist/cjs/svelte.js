"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rowsStore = rowsStore;
const given_js_1 = require("./given.js");
function rowsStore(given) {
    const store = (0, given_js_1.storeOf)(given);
    return { store, subscribe: (run) => follow(store, run) };
}
// A server that renders leaves at once. So the stream opens a moment later.
function follow(store, run) {
    let told = store.getSnapshot(), left = false, leave = () => { };
    const tell = () => {
        if (told !== store.getSnapshot())
            run((told = store.getSnapshot()));
    };
    run(told);
    queueMicrotask(() => {
        if (left)
            return;
        leave = store.subscribe(tell);
        tell();
    });
    return () => ((left = true), leave());
}
//# sourceMappingURL=svelte.js.map