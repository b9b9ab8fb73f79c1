/**
 * vue.ts: rows in components of Vue. The stream opens when the component is mounted, so a server that
 * renders opens none. It ends with the component, or with the scope around it.
 */
import { type ComputedRef, type MaybeRefOrGetter } from 'vue';
import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js';
import { type Given } from './given.js';
import type { Rows, RowsSnapshot } from './rows.js';
export type UseRows<Row extends object> = {
    [N in keyof RowsSnapshot<Row>]: ComputedRef<RowsSnapshot<Row>[N]>;
} & {
    /** for a row by its key, optimistic changes, and reconnect() */
    store: ComputedRef<Rows<Row>>;
};
/**
 * The rows of a stream, as they are now. given: options, a store that rows() has made, or a ref or
 * function that gives either. Options of another stream open that one. Otherwise `filter` and `sort`
 * are taken again.
 */
export declare function useRows<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(given: MaybeRefOrGetter<Given<Row, E>>): UseRows<Row>;
export declare function useRows<S extends object, P extends keyof S & string>(given: MaybeRefOrGetter<Given<RowOf<EventOf<S, P>>, EventOf<S, P>>>): UseRows<RowOf<EventOf<S, P>>>;
