/** items.ts: makes items of what the server says, in an event of a stream or in a page. */
import type { ParsedEvent } from './parser.js';
import type { Item } from './types.js';
/** A control event that concerns the connection and not the application. */
export type Control = {
    name: 'expiring' | 'closing';
    data: Record<string, unknown>;
};
export interface Page {
    events: {
        id?: string;
        event: string;
        data: unknown;
    }[];
    cursor: string;
    reset: string | null;
}
export declare const memberOf: (data: unknown, name: string) => unknown;
/** What an event of a stream means. fresh: the connection did not resume. */
export declare function itemOf(from: ParsedEvent, fresh: boolean, parse?: (text: string) => unknown): Item | Control;
/**
 * The items of a page. first: it is the first page of this attempt. fresh: it did not resume. bytes:
 * its length.
 */
export declare function itemsOf(page: Page, { first, fresh, bytes }: {
    first: boolean;
    fresh: boolean;
    bytes?: number;
}): Generator<Item>;
