/** types.ts: the types that users of the package see, and those that its parts pass on. */
import type { AnyEvent, ControlEvent, Handler, Handlers, NameOf, StreamEvent } from './events.js';
import type { Keys } from './unseal.js';
export type { StreamEvent } from './events.js';
/**
 * The states of a stream.
 * - connecting: there is no stream, and one is being opened.
 * - open: what is committed arrives.
 * - stale: nothing has come for too long, not even a ping. A new connection is being made.
 * - closed: close() was called, or the server has refused for good.
 */
export type StreamState = 'connecting' | 'open' | 'stale' | 'closed';
/**
 * Something that went wrong, as a sentence. status: the HTTP status of the answer, 0 without one.
 */
export declare class StreamError extends Error {
    readonly final: boolean;
    readonly status: number;
    readonly hint: string;
    readonly name = "StreamError";
    /**
     * final: the stream is closed. Otherwise the client tries again. hint: what a developer can do
     * about it, or empty. Users are shown the message.
     */
    constructor(message: string, final: boolean, status?: number, hint?: string);
}
/** renew: the last token or ticket was refused, or is about to end. */
export interface TokenRequest {
    renew: boolean;
}
/** E: the events of the stream. By default names are any texts, and data is any. */
export interface StreamOptions<E extends AnyEvent = StreamEvent> {
    /** The address of the stream. It may be relative to that of the page. */
    url: string | URL;
    /**
     * The streams that go into one connection, such as `['/my/orders', '/news']`. url is the address
     * of /stream/multi then. No event says which of them it came by.
     */
    paths?: readonly string[];
    /** Sent as `Authorization: Bearer`. A function is called before each connection. */
    token?: string | ((request: TokenRequest) => string | Promise<string>);
    /**
     * Single-use tickets, in place of the token. Either a function that gets one, or the address of
     * POST /stream/ticket. The client sends the token to that address, which may be relative to the
     * stream's.
     */
    ticket?: string | URL | ((request: TokenRequest) => string | Promise<string>);
    /**
     * Gets every event. The server's own come too (`left`, `bulk`, `schema`, `snapshot` and `ready`),
     * unless `onControl` takes them.
     */
    onEvent?: (event: E) => void;
    /** Gets the server's own events, in place of onEvent. */
    onControl?: (event: ControlEvent) => void;
    /** Functions by names of events. They get the data, and the event. */
    on?: Handlers<E>;
    /**
     * What was received so far counts no more. Fetch again, or take the state that follows. The
     * reason is the server's: expired, unknown or restored. Or it is `interrupted`: the connection
     * was lost in the middle of a state, and the state begins again. Or it is `asked`: reconnect()
     * was called with `fresh`.
     */
    onReset?: (reason: string) => void;
    onState?: (state: StreamState) => void;
    onError?: (error: StreamError) => void;
    /** The names of the events that are sent. By default all are. */
    events?: string[];
    /** The passwords of sealed streams: one, or several by their ids. */
    keys?: Keys;
    /** All tabs of the browser have one connection. Default: true, if it is known whose they are. */
    share?: boolean;
    /**
     * Says who asks, if no token says it, as with cookies. Tabs with the same url and identity share
     * a connection.
     */
    identity?: string;
    /**
     * The ms without a byte after which the connection is taken for dead. Default: 75,000, two and a
     * half heartbeats. At most a day.
     */
    staleAfter?: number;
    /** Bounds of the wait between two attempts, in ms. Default: 1,000 and 30,000. */
    backoff?: {
        min?: number;
        max?: number;
    };
    /**
     * Ask page by page if a proxy holds streams back. Default: true.
     * - after: ms without a first byte. Default: 5,000.
     * - again: ms until a stream is tried again. Default: 180,000.
     */
    fallback?: boolean | {
        after?: number;
        again?: number;
    };
    /** Fields of each request, or a function that gives them. */
    headers?: Record<string, string> | ((request: TokenRequest) => Record<string, string> | Promise<Record<string, string>>);
    /** In place of the global fetch. */
    fetch?: typeof globalThis.fetch;
    /** Closes the stream when it is aborted. */
    signal?: AbortSignal;
    /**
     * In place of JSON.parse, such as `exact` of `@pgherald/client/exact`. Tabs pass on what it
     * returns as postMessage() does, so it may be a bigint, and no object of a class.
     */
    parse?: (text: string) => unknown;
    /** true writes to the console what the client does. A function gets it. No token is in it. */
    debug?: boolean | ((line: string, detail?: unknown) => void);
    /**
     * Of fetch. Default: `omit` with a token or a function for tickets, `same-origin` otherwise. By
     * default the server takes a ticket first, then a cookie, then the header.
     */
    credentials?: 'omit' | 'same-origin' | 'include';
    /** The address of POST /stream/renew. Default: that path at the stream's host. */
    renew?: string | URL;
    /** Where to begin: an id, or `earliest`. Default: now. */
    lastEventId?: string;
}
export interface Stream<E extends AnyEvent = StreamEvent> {
    /** Ends the stream. After that no callback is called. */
    close(): void;
    /**
     * Makes a new connection at once, also after the server has refused. fresh: begins anew, with a
     * state or from now on. onReset says `asked` first.
     */
    reconnect(how?: {
        fresh?: boolean;
    }): void;
    /** Calls the handler for each event of this name. The function that it returns ends that. */
    on<N extends NameOf<E>>(name: N, handler: Handler<E, N>): () => void;
    /**
     * Yields every event, the server's own too. A reset is an event `reset`. The loop ends with the
     * stream, and the stream with the loop. It throws the error that is final.
     */
    [Symbol.asyncIterator](): AsyncIterableIterator<E>;
    readonly state: StreamState;
    /** The last thing that went wrong, until the stream is open again. It says why there is none. */
    readonly error: StreamError | null;
    /** The id up to which all has been told. A later connect() may go on there with `lastEventId`. */
    readonly cursor: string;
}
/**
 * What a connection yields, in order.
 * - begin: a connection has begun. fresh: it did not resume. A fresh one begins at this id, or with
 *   a state if the id is empty.
 * - event: an event of the stream, as in StreamEvent. bytes: about how long its data was.
 * - reset: what came before counts no more. It goes on at this id, or with a state if it is empty.
 * - place: everything up to this id has come.
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
    bytes?: number;
} | {
    kind: 'reset';
    id: string;
    reason: string;
} | {
    kind: 'place';
    id: string;
};
/** What takes the items of a connection. */
export interface Sink {
    /** the id after which to go on; empty means from now on */
    resumeFrom(): string;
    take(item: Item): void;
    state(state: StreamState): void;
    error(error: StreamError): void;
    /** called when bytes have come */
    heard(): void;
    /** loads what the items need; an attempt that cannot is made again */
    prepare(): Promise<unknown>;
}
