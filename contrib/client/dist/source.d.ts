/**
 * source.ts: one connection, made again as often as it is lost: as a stream, or page by page where a proxy holds streams back.
 * It keeps no cursor: its sink says where to go on, and takes what comes.
 */
import type { Access } from './access.js';
import { type Sink } from './types.js';
export interface SourceOptions {
    staleAfter: number;
    backoff: {
        min?: number;
        max?: number;
    };
    /** undefined: never page by page */
    fallback: {
        after: number;
        again: number;
    } | undefined;
}
export declare class Source {
    #private;
    constructor(access: Access, sink: Sink, options: SourceOptions);
    start(): void;
    stop(): void;
    /** A new connection at once. */
    restart(): void;
}
