/**
 * rows.ts: the rows of a stream, by their keys, as they are now. There is no framework in here.
 *
 * The rows come from the state that the stream begins with, or from a function `load`. When they
 * are not known any more (`bulk`, `reset`), they are loaded again. What is shown meanwhile is stale,
 * and changes all the same. The new rows take the place of the old ones in one step.
 */
import type { Changes, Draft } from './change.js';
import type { AnyEvent, DataOf, EventOf, RowOf, StreamEvent } from './events.js';
import type { RowKey } from './table.js';
import type { StreamError, StreamOptions, StreamState } from './types.js';
import type { ViewOptions } from './view.js';
export type { Changes, Draft } from './change.js';
export type { RowKey } from './table.js';
export type { ViewOptions } from './view.js';
/** Functions by names of events. They say what an event does to rows. */
export type ChangesBy<E extends AnyEvent, Row> = {
    [N in E['event']]?: (data: DataOf<E, N>, rows: Changes<Row>, event: StreamEvent<DataOf<E, N>>) => void;
};
export interface RowsOptions<Row extends object, E extends AnyEvent = StreamEvent> extends StreamOptions<E>, ViewOptions<Row> {
    /** The column or columns that name a row, or a function. */
    key: RowKey<NoInfer<Row>>;
    /** What events of rules do to rows. Default events need nothing here. */
    change?: ChangesBy<E, Row>;
    /**
     * Gets the rows, if the stream does not begin with a state. It is asked when the stream is open,
     * and again when changes were not told one by one.
     */
    load?: (signal: AbortSignal) => Promise<readonly Row[]>;
    /** The only topic whose events count, where a stream has several. */
    topic?: string;
    /** A column that grows with each change of a row. An older row changes nothing then. */
    version?: keyof NoInfer<Row> & string;
    /**
     * The rows are loaded again after a random time of up to so many ms, so that not all pages ask at
     * once. Default: 1,000.
     */
    spread?: number;
    /** How long the stream stays open after its last listener has gone, in ms. Default: 1,000. */
    linger?: number;
}
/**
 * What a store shows at one moment. It never changes: another moment has another one.
 * - loading: there are no rows yet.
 * - ready: these are the rows.
 * - stale: these were the rows, and they are being loaded again.
 */
export interface RowsSnapshot<Row extends object> {
    readonly rows: readonly Row[];
    readonly status: 'loading' | 'ready' | 'stale';
    readonly state: StreamState;
    /** The last thing that went wrong. It is null again when the stream is open again. */
    readonly error: StreamError | null;
}
/** A part of what a store shows, and when it is another one. */
export interface Selection<T> {
    subscribe(listener: () => void): () => void;
    getSnapshot(): T;
}
export interface Rows<Row extends object> extends Selection<RowsSnapshot<Row>> {
    /** A row by its key. The key of several columns is an array, or an object that has them. */
    get(key: unknown): Row | undefined;
    /** A part of what is shown. Its listeners are called only if that part is another one. */
    select<T>(select: (snapshot: RowsSnapshot<Row>) => T, isEqual?: (a: T, b: T) => boolean): Selection<T>;
    /**
     * Shows a change before the server tells it. act() makes the change. If it fails, the rows are as
     * the server and other changes say. If it succeeds, the change is shown until the server has told
     * its values, for 5 s at most.
     */
    optimistic<T>(change: (rows: Draft<Row>) => void, act: () => Promise<T>): Promise<T>;
    /** Shows other rows, or in another order. */
    view(options: ViewOptions<Row>): void;
    /** Loads the rows again. */
    reload(): void;
    /** Makes a new connection at once, also after the server has refused. */
    reconnect(): void;
    /** Ends the stream, and forgets the rows. A listener opens it again. */
    close(): void;
}
/**
 * Keeps the rows of a stream. The stream opens with the first listener.
 *
 * rows<Streams, '/my/orders'>() knows the rows and events of that path.
 */
export declare function rows<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(options: RowsOptions<Row, E>): Rows<Row>;
export declare function rows<S extends object, P extends keyof S & string, Row extends object = RowOf<EventOf<S, P>>>(options: RowsOptions<Row, EventOf<S, P>>): Rows<Row>;
