import { StreamError, type Item, type StreamOptions } from './types.js';
export declare class Feed {
    #private;
    /** Everything up to this id has been taken. Empty if no id has come yet. */
    received: string;
    /** Everything up to this id has been told. Sealed data is told later than it is taken. */
    delivered: string;
    constructor(options: StreamOptions, onError: (error: StreamError) => void);
    resumeFrom(): string;
    /** Takes an item of a connection. False if it was known already. */
    take(item: Item): boolean;
    close(): void;
}
/**
 * Runs a callback of the application. Its error is the application's, so it is reported as an
 * uncaught one, and the stream goes on.
 */
export declare function guarded(callback: () => void): void;
