/** store.ts: joins a stream, the rows that it tells of, and those who look at them. */
import { type Draft } from './change.js';
import type { Rows, RowsOptions, RowsSnapshot, Selection } from './rows.js';
import { type ViewOptions } from './view.js';
export declare class Store<Row extends object> implements Rows<Row> {
    #private;
    constructor(options: RowsOptions<Row>);
    readonly subscribe: (listener: () => void) => (() => void);
    readonly getSnapshot: () => RowsSnapshot<Row>;
    get(key: unknown): Row | undefined;
    select<T>(select: (snapshot: RowsSnapshot<Row>) => T, isEqual?: (a: T, b: T) => boolean): Selection<T>;
    optimistic<T>(change: (rows: Draft<Row>) => void, act: () => Promise<T>): Promise<T>;
    view(options: ViewOptions<Row>): void;
    reload(): void;
    reconnect(): void;
    close(): void;
}
/** Makes a value of each snapshot once. A value that is equal to the one before is that one. */
export declare function remembering<S, T>(select: (snapshot: S) => T, isEqual?: (a: T, b: T) => boolean, last?: {
    value: T;
}): (snapshot: S) => T;
/** True for values that are the same, and for lists and objects of the same values. */
export declare function isAlike(a: unknown, b: unknown): boolean;
