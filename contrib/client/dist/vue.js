// SPDX-License-Identifier: PostgreSQL
/**
 * vue.ts: rows in components of Vue. The stream opens when the component is mounted, so a server that
 * renders opens none. It ends with the component, or with the scope around it.
 */
import { computed, getCurrentInstance, onMounted, onScopeDispose, shallowRef, toValue, watch } from 'vue';
import { isStore, noRows, storeOf } from './given.js';
import { keyOf } from './key.js';
export function useRows(given) {
    const store = shallowRef(noRows), snapshot = shallowRef(noRows.getSnapshot());
    let key, entered = !getCurrentInstance(), leave = () => { };
    const show = () => void (snapshot.value = store.value.getSnapshot());
    const enter = () => {
        leave();
        leave = entered ? store.value.subscribe(show) : leave;
        show();
    };
    watch(() => toValue(given), (now) => {
        const before = key;
        key = isStore(now) ? now : JSON.stringify([keyOf(now), now.key, now.topic, now.version]);
        if (key === before)
            return isStore(now) ? undefined : store.value.view(now);
        store.value = storeOf(now);
        enter();
    }, { immediate: true });
    if (!entered)
        onMounted(() => ((entered = true), enter()));
    onScopeDispose(() => leave());
    const part = (name) => computed(() => snapshot.value[name]);
    return { rows: part('rows'), status: part('status'), state: part('state'), error: part('error'), store: computed(() => store.value) };
}
//# sourceMappingURL=vue.js.map