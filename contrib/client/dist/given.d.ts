/** given.ts: the store that an application has given to an adapter, or one of its options. */
import type { AnyEvent, StreamEvent } from './events.js';
import type { KeyedOptions } from './key.js';
import type { Rows, RowsOptions } from './rows.js';
/** url: without one there are no rows yet. */
export interface GivenOptions<Row extends object, E extends AnyEvent = StreamEvent> extends Omit<RowsOptions<Row, E>, 'url'> {
    url: KeyedOptions['url'];
}
/** Options, or a store that rows() has made. */
export type Given<Row extends object, E extends AnyEvent = StreamEvent> = GivenOptions<Row, E> | Rows<Row>;
export declare const isStore: <Row extends object>(given: Given<Row>) => given is Rows<Row>;
/** The store that is given, or a new one. */
export declare function storeOf<Row extends object>(given: Given<Row>): Rows<Row>;
/** What is shown without a url. */
export declare const noRows: Rows<any>;
