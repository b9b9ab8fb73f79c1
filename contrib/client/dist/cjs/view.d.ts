/**
 * view.ts: the rows that pass a filter, in order. What has changed is sorted by itself and merged
 * into the rest, so a change costs no new order of all.
 */
import type { Table } from './table.js';
export interface ViewOptions<Row> {
    filter?: (row: Row) => boolean;
    /** As for an array's sort(). Rows that it calls equal stand in the order in which they came. */
    sort?: (a: Row, b: Row) => number;
}
export declare class View<Row extends object> {
    #private;
    /** another array after each change */
    rows: readonly Row[];
    constructor(options: ViewOptions<Row>);
    /** Takes over what has changed in the table. True if other rows are shown. */
    update(table: Table<Row>): boolean;
    /** Shows other rows, or in another order. */
    change(options: ViewOptions<Row>, table: Table<Row>): void;
}
