import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js';
import { type GivenOptions } from './given.js';
import { type KeyedOptions } from './key.js';
import type { Rows, RowsSnapshot } from './rows.js';
import type { StreamError, StreamState } from './types.js';
export type UseStreamOptions<E extends AnyEvent = StreamEvent> = KeyedOptions<E>;
export interface UseStream {
    state: StreamState;
    /** The last thing that went wrong. It is null again when the stream is open again. */
    error: StreamError | null;
    reconnect: () => void;
    /** the stream's cursor at the moment when it is read */
    readonly cursor: string;
}
/**
 * Keeps a stream open. After its component has gone, the stream does not call onState.
 *
 * useStream<Streams, '/my/orders'>() knows the events of that path, as connect() does.
 */
export declare function useStream<E extends AnyEvent = StreamEvent>(options: UseStreamOptions<E>): UseStream;
export declare function useStream<S extends object, P extends keyof S & string>(options: UseStreamOptions<EventOf<S, P>>): UseStream;
/**
 * The value that reduce() makes of `initial` and all events so far. A reset or another stream sets
 * it to `initial` again. For rows take useRows(): each event is a render here.
 */
export declare function useEvents<V, E extends AnyEvent = StreamEvent>(options: UseStreamOptions<E>, reduce: (value: V, event: E) => V, initial: V): UseStream & {
    value: V;
};
export declare function useEvents<S extends object, P extends keyof S & string, V>(options: UseStreamOptions<EventOf<S, P>>, reduce: (value: V, event: EventOf<S, P>) => V, initial: V): UseStream & {
    value: V;
};
export interface UseRowsOptions<Row extends object, E extends AnyEvent = StreamEvent> extends GivenOptions<Row, E> {
    /** `filter` and `sort` are taken again when one of these values is another one. */
    deps?: readonly unknown[];
}
export interface UseRows<Row extends object> extends RowsSnapshot<Row> {
    /** for a row by its key, optimistic changes, and reconnect() */
    store: Rows<Row>;
}
type Source<Row extends object, E extends AnyEvent = StreamEvent> = UseRowsOptions<Row, E> | Rows<Row>;
type Select<Row extends object, T> = (snapshot: RowsSnapshot<Row>) => T;
type IsEqual<T> = (a: T, b: T) => boolean;
/**
 * The rows of a stream, as they are now. source: options, or a store that rows() has made. There is
 * one render a frame at most. select: the part that the component shows. Only another part is a
 * render then. By default lists and objects are compared member by member.
 */
export declare function useRows<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(source: Source<Row, E>): UseRows<Row>;
export declare function useRows<Row extends object, T>(source: Source<Row>, select: Select<Row, T>, isEqual?: IsEqual<T>): T;
export declare function useRows<S extends object, P extends keyof S & string>(source: UseRowsOptions<RowOf<EventOf<S, P>>, EventOf<S, P>>): UseRows<RowOf<EventOf<S, P>>>;
export {};
