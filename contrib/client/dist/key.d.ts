import type { StreamOptions } from './types.js';
/** url: none, no stream (yet). */
export interface KeyedOptions extends Omit<StreamOptions, 'url'> {
    url: StreamOptions['url'] | null | undefined;
}
/** Another text, another stream. Functions may be new ones at each render, and a token a renewed one: that is the same stream. */
export declare function keyOf({ url, token, ticket, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback }: KeyedOptions): string;
