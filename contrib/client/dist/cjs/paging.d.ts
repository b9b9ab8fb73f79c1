import type { Item } from './types.js';
export interface Page {
    events: {
        id?: string;
        event: string;
        data: unknown;
    }[];
    cursor: string;
    reset: string | null;
}
/**
 * The items of a page. first: it is the first page of this attempt. fresh: it did not resume. bytes:
 * its length.
 */
export declare function itemsOf(page: Page, { first, fresh, bytes }: {
    first: boolean;
    fresh: boolean;
    bytes?: number;
}): Generator<Item>;
export interface Paging {
    /** the first page is to come at once, because it is not known yet whether any comes */
    first: boolean;
    signal: AbortSignal;
    parse(text: string): unknown;
    resumeFrom(): string;
    take(item: Item): void;
    /** wait: seconds that the server may hold the page back for */
    ask(wait: number): Promise<Response>;
    /** called when a page has come. Returns when it is time to try a stream again, in ms since 1970. */
    came(): number;
}
/** Reads page after page, until it is time to try a stream again. Items are taken in pieces. */
export declare function readPages({ first: probe, signal, parse, resumeFrom, take, ask, came }: Paging): Promise<void>;
