import { type StreamOptions, type TokenRequest } from './types.js';
export interface Request {
    url: URL;
    headers: Record<string, string>;
}
export declare class Access {
    #private;
    readonly url: URL;
    readonly credentials: RequestCredentials;
    /** told when a new token has other rights than the former one */
    onIdentity: () => void;
    constructor(options: StreamOptions);
    /** Whether another token or ticket may be had when one was refused. */
    get renewable(): boolean;
    /** Whose stream this is, undefined where that is not known: a cookie is not for scripts to read, a ticket says nothing. */
    identity(): Promise<string | undefined>;
    /** renew: the last one was refused. Rejects with a StreamError. */
    request(ask: TokenRequest): Promise<Request>;
    /** Shows a new token for the open stream that has said this code: whether that was accepted. */
    renew(code: string): Promise<boolean>;
}
