import type { KeyReader } from './table.js';
import type { StreamEvent } from './types.js';
/** What may be done to rows. */
export interface Changes<Row> {
    put(row: Row): void;
    /** Changes some members of a row that is known. */
    merge(row: Partial<Row>): void;
    /** key: the row's key, or an object that has its columns */
    remove(key: unknown): void;
    clear(): void;
    /** The rows are not known any more: load them again. */
    reload(): void;
}
/** What may be done to rows before the server tells it. */
export type Draft<Row> = Pick<Changes<Row>, 'put' | 'merge' | 'remove'>;
/** An item of a state is a row, or has it as `row`. */
export declare function rowIn(item: unknown, keyOf: KeyReader): object | undefined;
/** True if the event is about this topic. topic: undefined means any. */
export declare function isAbout({ event, data }: StreamEvent, topic: string | undefined): boolean;
/** Does what the event says by itself. False if it says nothing that is known here. */
export declare function applyDefault({ event, data }: StreamEvent, to: Changes<object>, keyOf: KeyReader): boolean;
