// SPDX-License-Identifier: PostgreSQL
/**
 * vue.ts: rows in components of Vue. The stream opens when the component is mounted, so a server that
 * renders opens none. It ends with the component, or with the scope around it.
 */
import { computed, getCurrentInstance, onMounted, onScopeDispose, shallowRef, toValue, watch, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js'
import { isStore, noRows, storeOf, type Given } from './given.js'
import { keyOf } from './key.js'
import type { Rows, RowsSnapshot } from './rows.js'

export type UseRows<Row extends object> = { [N in keyof RowsSnapshot<Row>]: ComputedRef<RowsSnapshot<Row>[N]> } & {
  /** for a row by its key, optimistic changes, and reconnect() */
  store: ComputedRef<Rows<Row>>
}

/**
 * The rows of a stream, as they are now. given: options, a store that rows() has made, or a ref or
 * function that gives either. Options of another stream open that one. Otherwise `filter` and `sort`
 * are taken again.
 */
export function useRows<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(given: MaybeRefOrGetter<Given<Row, E>>): UseRows<Row>
export function useRows<S extends object, P extends keyof S & string>(given: MaybeRefOrGetter<Given<RowOf<EventOf<S, P>>, EventOf<S, P>>>): UseRows<RowOf<EventOf<S, P>>>
export function useRows<Row extends object>(given: MaybeRefOrGetter<Given<Row>>): UseRows<Row> {
  const store = shallowRef<Rows<Row>>(noRows), snapshot = shallowRef<RowsSnapshot<Row>>(noRows.getSnapshot())
  let key: unknown, entered = !getCurrentInstance(), leave = (): void => {}
  const show = (): void => void (snapshot.value = store.value.getSnapshot())
  const enter = (): void => {
    leave()
    leave = entered ? store.value.subscribe(show) : leave
    show()
  }
  watch(() => toValue(given), (now) => {
    const before = key
    key = isStore(now) ? now : JSON.stringify([keyOf(now), now.key, now.topic, now.version])
    if (key === before) return isStore(now) ? undefined : store.value.view(now)
    store.value = storeOf(now)
    enter()
  }, { immediate: true })
  if (!entered) onMounted(() => ((entered = true), enter()))
  onScopeDispose(() => leave())
  const part = <N extends keyof RowsSnapshot<Row>>(name: N) => computed(() => snapshot.value[name])
  return { rows: part('rows'), status: part('status'), state: part('state'), error: part('error'), store: computed(() => store.value) }
}
