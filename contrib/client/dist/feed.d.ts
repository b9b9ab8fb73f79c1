import { StreamError, type Item, type StreamOptions } from './types.js';
export declare class Feed {
    #private;
    /** all up to here has been taken; empty: nowhere yet */
    received: string;
    /** the same of what onEvent has got, which is later where data is sealed */
    delivered: string;
    constructor(options: StreamOptions, onError: (error: StreamError) => void);
    resumeFrom(): string;
    /** False: it was known already. */
    take(item: Item): boolean;
    close(): void;
}
/** An error of the application's callback is the application's: it is reported, and the stream goes on. */
export declare function guarded(callback: () => void): void;
