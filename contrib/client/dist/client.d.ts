import { type Stream, type StreamOptions } from './types.js';
/** Opens a stream and keeps it open until close(). */
export declare function connect(options: StreamOptions): Stream;
