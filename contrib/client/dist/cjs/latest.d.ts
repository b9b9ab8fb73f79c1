/**
 * latest.ts: options whose functions are those of the last render, and whose token is that one's
 * too. There is no React in here.
 */
import type { KeyedOptions } from './key.js';
import type { StreamOptions } from './types.js';
export interface Latest<O> {
    current: O;
}
/** Options of a stream that asks for the latest ones whenever it calls or needs a token. */
export declare function delegating<O extends KeyedOptions>(latest: Latest<O>): O & {
    url: StreamOptions['url'];
};
