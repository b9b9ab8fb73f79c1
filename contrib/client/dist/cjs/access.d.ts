/**
 * access.ts: makes what a request needs to be let in. That is the address, and a token or a ticket.
 * It also shows the server a new token for a stream whose token is about to end.
 */
import { type Log } from './log.js';
import { type StreamOptions, type TokenRequest } from './types.js';
export interface Request {
    url: URL;
    headers: Record<string, string>;
}
export declare function absolute(url: string | URL, base?: URL): URL;
export declare class Access {
    #private;
    readonly url: URL;
    readonly credentials: NonNullable<StreamOptions['credentials']>;
    readonly log: Log;
    readonly parse: (text: string) => unknown;
    /** Called when a new token has other rights than the one before. */
    onIdentity: () => void;
    readonly options: StreamOptions;
    constructor(options: StreamOptions);
    /** True if the application can give another token or ticket after one was refused. */
    get renewable(): boolean;
    /**
     * Resolves to a text that says whose stream this is, or to undefined if that is not known.
     * Scripts cannot read a cookie, and a ticket does not say whose it is.
     * Rejects with a StreamError if the function `token` fails.
     */
    identity(): Promise<string | undefined>;
    /**
     * Resolves to the address and headers of the next request, with its token or ticket.
     * ask.renew: the last token or ticket was refused.
     * Rejects with a StreamError if the application or the address of tickets refuses. Any other
     * error means that the address of tickets could not be reached.
     */
    request(ask: TokenRequest): Promise<Request>;
    /** The fetch of the application, or the global one. */
    fetch(url: URL, init: RequestInit): Promise<Response>;
    /**
     * Shows the server a new token for the open stream whose `expiring` event has brought this code.
     * Resolves to true if the server has accepted it. Rejects as request() does.
     */
    renew(code: string): Promise<boolean>;
    /** The fields of a request. bearer: with the token, if there is one. */
    headers(ask: TokenRequest, bearer: boolean): Promise<Record<string, string>>;
}
