/** A column, several columns, or a function of a row. The function gets bare keys too. */
export type RowKey<Row> = (keyof Row & string) | readonly (keyof Row & string)[] | ((row: Row) => unknown);
/** A key as a text. Undefined if the data has none. */
export type KeyReader = (data: unknown) => string | undefined;
export declare function keyReader<Row>(key: RowKey<Row>): KeyReader;
/** The text of a key: that of its value, or of all its values. */
export declare function textOf(values: readonly unknown[]): string | undefined;
/**
 * What a change that the server has not told does to one row.
 * - patch: the members that it changes, which are laid over the row below. undefined: the row goes.
 * - row: what is shown where there is no row below.
 */
export interface Over<Row> {
    patch: Partial<Row> | undefined;
    row?: Row | undefined;
    /** what was shown last, so that it stays the same object */
    last?: {
        below: Row;
        shown: Row;
    };
    /** among those of all layers */
    place?: number;
}
/** The changes that were made in one go, by keys. */
export type Layer<Row> = Map<string, Over<Row>>;
/** The row that is shown where `over` lies on the row below. */
export declare function laid<Row extends object>(over: Over<Row>, below: Row | undefined): Row | undefined;
export declare class Table<Row extends object> {
    #private;
    get(key: string): Row | undefined;
    /** What the server has told, without layers. */
    told(key: string): Row | undefined;
    toldRows(): IterableIterator<Row>;
    put(key: string, row: Row): void;
    remove(key: string): void;
    /** Takes other rows in place of all that the server has told. */
    replace(rows: Map<string, Row>): void;
    /** The rows that are shown, in the order in which they came. */
    entries(): IterableIterator<[string, Row]>;
    /** Where a row stands among all that are shown, in the order of entries(). */
    placeOf(key: string): number;
    /** The keys that have changed since the last call, or `all`. */
    takeChanged(): Set<string> | 'all';
    lay(layer: Layer<Row>): void;
    /** Takes back what is left of the layer. */
    lift(layer: Layer<Row>): void;
}
