/** A column, several columns, or a function of a row. The function gets bare keys too. */
export type RowKey<Row> = (keyof Row & string) | readonly (keyof Row & string)[] | ((row: Row) => unknown);
/** A key as a text. Undefined if the data has none. */
export type KeyReader = (data: unknown) => string | undefined;
export declare function keyReader<Row>(key: RowKey<Row>): KeyReader;
/** The text of a key: that of its value, or of all its values. */
export declare function textOf(values: readonly unknown[]): string | undefined;
/** Rows that are shown before the server tells them. Undefined means that there is none. */
export interface Layer<Row> {
    rows: Map<string, Row | undefined>;
    /** the keys of which the server has told something since */
    seen: Set<string>;
    /** the change is made, so a key goes when the server tells of it */
    made: boolean;
}
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
    /** The keys that have changed since the last call, or `all`. */
    takeChanged(): Set<string> | 'all';
    lay(rows: Map<string, Row | undefined>): Layer<Row>;
    /** The change is made. What the server has told of goes from the layer now, and the rest later. */
    settle(layer: Layer<Row>): void;
    lift(layer: Layer<Row>): void;
}
