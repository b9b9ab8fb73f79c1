/** items.ts: makes items of what the server says in an event of a stream. */
import type { ParsedEvent } from './parser.js';
import type { Item } from './types.js';
/** A control event that concerns the connection and not the application. */
export type Control = {
    name: 'expiring' | 'closing';
    data: Record<string, unknown>;
};
export declare const memberOf: (data: unknown, name: string) => unknown;
/** What an event of a stream means. fresh: the connection did not resume. */
export declare function itemOf(from: ParsedEvent, fresh: boolean, parse?: (text: string) => unknown): Item | Control;
