/** cursor.ts: ids of events, `<tick>-<change>`: places in the one total order. */
export declare const isCursor: (text: string) => boolean;
/** <0, 0, >0 as a comes before, is, or comes after b. */
export declare function compareCursors(a: string, b: string): number;
/** Whether what has this id was delivered to who is at that cursor. What is no cursor cannot be told. */
export declare const isKnown: (id: string, cursor: string) => boolean;
