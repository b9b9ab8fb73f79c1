/**
 * source.ts: keeps one connection, and makes it again whenever it is lost. The source keeps no
 * cursor. Its sink says where to go on, and takes what comes.
 *
 * It asks page by page if a proxy holds streams back. Its modes:
 * - stream: the usual one. After two attempts without a byte, the mode is probe.
 * - probe: asks for a page at once. An answer means that a proxy holds streams back, so the mode is
 *   pages. Without an answer the mode is stream.
 * - pages: after `again` ms the mode is stream. One attempt without a byte then leads to probe.
 */
import type { Access } from './access.js';
import { type Sink } from './types.js';
export interface SourceOptions {
    staleAfter: number;
    backoff: {
        min?: number;
        max?: number;
    };
    /** in ms; undefined means never page by page */
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
    /** Makes a new connection at once. */
    restart(): void;
}
