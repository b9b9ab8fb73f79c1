import type { Item } from './types.js';
export declare class Recent {
    #private;
    /** all events after this id are here; empty if there are none */
    from: string;
    /** most: bytes that the events may take together */
    constructor(most?: number);
    get bytes(): number;
    add(item: Item, received: string): void;
    /** The events after this cursor. Undefined if some of them are not known. */
    behind(cursor: string): Item[] | undefined;
}
