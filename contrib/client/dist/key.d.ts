import type { StreamOptions } from './types.js';
/** url: without one there is no stream yet. */
export interface KeyedOptions extends Omit<StreamOptions, 'url'> {
    url: StreamOptions['url'] | null | undefined;
}
/**
 * A text that is the same for options of the same stream. Functions may be new at each render, and
 * a token may be a renewed one. Those do not make another stream.
 */
export declare function keyOf({ url, token, ticket, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback }: KeyedOptions): string;
