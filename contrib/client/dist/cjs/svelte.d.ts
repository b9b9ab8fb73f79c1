/**
 * svelte.ts: rows as a store of Svelte: `$orders.rows` in a component, or fromStore() with runes. It
 * needs nothing of Svelte itself.
 */
import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js';
import { type Given } from './given.js';
import type { Rows, RowsSnapshot } from './rows.js';
export interface RowsStore<Row extends object> {
    /** Calls run() now, and whenever other rows are shown. */
    subscribe(run: (snapshot: RowsSnapshot<Row>) => void): () => void;
    /** for a row by its key, optimistic changes, and reconnect() */
    store: Rows<Row>;
}
/**
 * The rows of a stream, as they are now. given: options, or a store that rows() has made. The stream
 * opens with the first component that shows them.
 */
export declare function rowsStore<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(given: Given<Row, E>): RowsStore<Row>;
export declare function rowsStore<S extends object, P extends keyof S & string>(given: Given<RowOf<EventOf<S, P>>, EventOf<S, P>>): RowsStore<RowOf<EventOf<S, P>>>;
