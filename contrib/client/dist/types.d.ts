/** types.ts: the names that users of the package see, and what its parts say to one another. */
import type { Keys } from './unseal.js';
/**
 * connecting: there is no stream, one is being opened; open: what is committed arrives; stale: nothing has come for too long, not even a
 * ping, and a new connection is being made; closed: by close(), or because the server has refused for good.
 */
export type StreamState = 'connecting' | 'open' | 'stale' | 'closed';
/** One event. `left`, `bulk`, `schema`, `snapshot` and `ready` of the server come this way too. */
export interface StreamEvent<T = any> {
    /** its place in the total order; empty for what has none (items of a snapshot) */
    id: string;
    /** its name; in streams of plain messages the `type` of the data */
    event: string;
    data: T;
    /** it came sealed: data is what was inside, or, without `keys`, the sealed text */
    sealed?: boolean;
}
/** Something that went wrong, as a sentence. status: what the server answered. */
export declare class StreamError extends Error {
    readonly final: boolean;
    readonly status: number;
    readonly name = "StreamError";
    /** final: the stream is closed. Otherwise it is being tried again. */
    constructor(message: string, final: boolean, status?: number);
}
/** renew: the last one was refused, or is about to end. */
export interface TokenRequest {
    renew: boolean;
}
export interface StreamOptions {
    /** the stream; relative to the page's address */
    url: string | URL;
    /** sent as `Authorization: Bearer`; a function is asked before each connection */
    token?: string | ((request: TokenRequest) => string | Promise<string>);
    /**
     * single-use tickets in place of it: a function that gets one, or the address of POST /stream/ticket (relative to the stream's), which is asked
     * with the token
     */
    ticket?: string | URL | ((request: TokenRequest) => string | Promise<string>);
    onEvent?: (event: StreamEvent) => void;
    /**
     * What was received so far counts no more: fetch anew, or take the state that follows. The server's reason (expired, unknown, restored), or
     * `interrupted`: the connection was lost in the middle of a state, which begins again.
     */
    onReset?: (reason: string) => void;
    onState?: (state: StreamState) => void;
    onError?: (error: StreamError) => void;
    /** names of events; the others are not sent */
    events?: string[];
    /** passwords of sealed streams: one, or several by their ids */
    keys?: Keys;
    /** one connection for all tabs of the browser (default: true, where it is known who they are) */
    share?: boolean;
    /** who that is, where no token says it (cookies): tabs with the same url and identity share a connection */
    identity?: string;
    /** milliseconds without a byte after which the connection is taken for dead (75,000: two and a half heartbeats) */
    staleAfter?: number;
    /** bounds of the wait between two attempts, in ms (1,000 and 30,000) */
    backoff?: {
        min?: number;
        max?: number;
    };
    /** ask page by page where a proxy holds streams back. after: ms without a first byte (5,000); again: ms until a stream is tried again (180,000) */
    fallback?: boolean | {
        after?: number;
        again?: number;
    };
    /** of fetch (default: `omit` with a token or ticket, which would be beaten by a cookie; `same-origin` without) */
    credentials?: RequestCredentials;
    /** where POST /stream/renew is (default: there, at the stream's host) */
    renew?: string | URL;
    /** where to begin: an id, or `earliest` */
    lastEventId?: string;
}
export interface Stream {
    /** ends it; no callback is called any more */
    close(): void;
    /** a new connection at once; also after the server had refused */
    reconnect(): void;
    readonly state: StreamState;
    /** id of the last event that onEvent has got: where a later connect() may go on with `lastEventId` */
    readonly cursor: string;
}
/**
 * What a connection yields, in order. begin: a connection has begun at this id (none: a state follows); fresh: it did not resume. place: all up to
 * this id has been delivered.
 */
export type Item = {
    kind: 'begin';
    id: string;
    fresh: boolean;
} | {
    kind: 'event';
    id: string;
    event: string;
    data: unknown;
} | {
    kind: 'reset';
    id: string;
    reason: string;
} | {
    kind: 'place';
    id: string;
};
/** Who takes what a connection yields. */
export interface Sink {
    /** the id behind which to go on; empty: from now on */
    resumeFrom(): string;
    take(item: Item): void;
    state(state: StreamState): void;
    error(error: StreamError): void;
    /** bytes have come */
    heard(): void;
}
