import { storeOf } from './given.js';
export function rowsStore(given) {
    const store = storeOf(given);
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