/**
 * tanstack-db.ts: rows as a collection of TanStack DB, which joins them, and asks queries of them. It
 * needs nothing of TanStack DB itself.
 */
import type { AnyEvent, EventOf, RowOf, StreamEvent } from './events.js';
import { type Given } from './given.js';
import type { Rows } from './rows.js';
type Key = string | number;
/** What the collection lends its stream. */
export interface CollectionSync<Row extends object> {
    begin(): void;
    write(message: {
        type: 'insert' | 'update';
        value: Row;
    } | {
        type: 'delete';
        key: Key;
    }): void;
    commit(): unknown;
    markReady(): void;
    markError?(error: unknown): void;
}
export interface HeraldCollection<Row extends object> {
    getKey(row: Row): Key;
    sync: {
        sync(lent: CollectionSync<Row>): () => void;
        rowUpdateMode: 'full';
    };
    utils: {
        /**
         * Resolves when the server has told a row with this key that passes, or that there is none. A
         * handler that waits for it keeps its optimistic change until then, for 5 s at most.
         */
        seen(key: Key, passes: (row: Row | undefined) => boolean): Promise<void>;
        store: Rows<Row>;
    };
}
/**
 * Options for createCollection(), to which handlers may be added. given: options with a `key`.
 * TanStack DB knows texts and numbers as keys. The key of several columns is a text here.
 */
export declare function heraldCollection<Row extends object = Record<string, any>, E extends AnyEvent = StreamEvent>(given: Exclude<Given<Row, E>, Rows<Row>>): HeraldCollection<Row>;
export declare function heraldCollection<S extends object, P extends keyof S & string>(given: Exclude<Given<RowOf<EventOf<S, P>>, EventOf<S, P>>, Rows<RowOf<EventOf<S, P>>>>): HeraldCollection<RowOf<EventOf<S, P>>>;
export {};
