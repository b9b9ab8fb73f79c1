/** cursor.ts: ids of events. An id `<tick>-<change>` is a place in the one total order. */
export declare const isCursor: (text: string) => boolean;
/** Below 0 if a comes before b, 0 if they are the same, above 0 if a comes after b. */
export declare function compareCursors(a: string, b: string): number;
/**
 * True if a client at this cursor already has the event with this id. False if either is no cursor.
 */
export declare const isKnown: (id: string, cursor: string) => boolean;
