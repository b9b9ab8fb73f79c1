/** items.ts: what the server says, in either form, as items. */
import type { ParsedEvent } from './parser.js';
import type { Item } from './types.js';
/** A control event that concerns the connection and not its user. */
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
/** fresh: the connection did not resume. */
export declare function itemOf(parsed: ParsedEvent, fresh: boolean): Item | Control;
/** first: nothing was asked for before in this turn of pages. */
export declare function itemsOf(page: Page, { first, fresh }: {
    first: boolean;
    fresh: boolean;
}): Generator<Item>;
