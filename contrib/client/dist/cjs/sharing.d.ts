/**
 * sharing.ts: says with whom a stream shares a connection. It is loaded when a page opens a stream,
 * and not before.
 */
import type { Access } from './access.js';
import type { Feed } from './feed.js';
import type { Source } from './source.js';
import { Tabs } from './tabs.js';
import type { StreamError, StreamState } from './types.js';
export interface Sharer {
    staleAfter: number;
    state(state: StreamState): void;
    error(error: StreamError): void;
}
/**
 * Resolves to a function that joins those who share a connection. They are all tabs of the browser,
 * if it is known whose stream it is. Otherwise they are the components of this page that have the
 * same url and the same functions. Rejects if there is no token.
 */
export declare function meeting(access: Access, feed: Feed, source: Source, { staleAfter, ...sharer }: Sharer): Promise<() => Tabs>;
