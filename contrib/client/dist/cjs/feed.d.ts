import { StreamError, type Item, type StreamOptions } from './types.js';
/** What the feed needs of the options. */
export type FeedOptions = Pick<StreamOptions, 'onEvent' | 'onReset' | 'keys' | 'lastEventId' | 'parse'>;
export declare class Feed {
    #private;
    /** Everything up to this id has been taken. Empty if no id has come yet. */
    received: string;
    /** Everything up to this id has been told. Sealed data is told later than it is taken. */
    delivered: string;
    constructor(options: FeedOptions, onError: (error: StreamError) => void);
    resumeFrom(): string;
    /** Loads what sealed data needs. Rejects if it cannot be loaded now. */
    prepare(): Promise<void>;
    /** Takes an item of a connection. False if it was known already. */
    take(item: Item): boolean;
    /** Forgets the place. A state follows, or what comes from now on. */
    forget(): void;
    close(): void;
}
/**
 * Runs a callback of the application. Its error is the application's, so it is reported as an
 * uncaught one, and the stream goes on.
 */
export declare function guarded(callback: () => void): void;
