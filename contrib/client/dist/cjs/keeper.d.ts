/** keeper.ts: does to a table what events and the application say. */
import { type Changes, type Draft } from './change.js';
import type { RowsOptions } from './rows.js';
import { Table, type KeyReader } from './table.js';
import { StreamError, type StreamEvent } from './types.js';
export interface KeeperCalls {
    /** the rows are not known any more */
    reload(): void;
    /** the application has to be told, and the stream goes on */
    warn(error: StreamError): void;
}
export declare class Keeper<Row extends object> {
    #private;
    readonly table: Table<Row>;
    readonly keyOf: KeyReader;
    constructor(options: RowsOptions<Row>, calls: KeeperCalls);
    get(key: unknown): Row | undefined;
    /** Takes these in place of all rows. */
    fill(rows: Iterable<Row>): void;
    /** Does what an event says. */
    apply(event: StreamEvent): void;
    readonly changes: Changes<Row>;
    /**
     * Shows a change until act() fails, or until the server has told it. shown: called whenever other
     * rows are shown.
     */
    optimistic<T>(change: (rows: Draft<Row>) => void, act: () => Promise<T>, shown: () => void): Promise<T>;
}
