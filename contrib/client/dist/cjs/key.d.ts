import type { AnyEvent, StreamEvent } from './events.js';
import type { StreamOptions } from './types.js';
/** url: without one there is no stream yet. */
export interface KeyedOptions<E extends AnyEvent = StreamEvent> extends Omit<StreamOptions<E>, 'url'> {
    url: StreamOptions['url'] | null | undefined;
}
/**
 * A text that is the same for options of the same stream. Functions may be new at each render, and
 * a token may be a renewed one. Those do not make another stream.
 */
export declare function keyOf({ url, paths, token, ticket, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback, headers }: KeyedOptions): string;
