import { type Stream, type StreamOptions } from './types.js';
/**
 * Opens a stream and keeps it open until close(). Throws a TypeError if options.url is no address.
 * All other errors go to onError.
 */
export declare function connect(options: StreamOptions): Stream;
