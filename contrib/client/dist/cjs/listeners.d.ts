/** listeners.ts: who is told of an event: callbacks, handlers by name, and loops. */
import type { StreamEvent, StreamOptions } from './types.js';
type Call = (data: any, event: StreamEvent) => void;
export declare const controls: ReadonlySet<string>;
export declare class Listeners {
    #private;
    /** call: runs a callback of the application. */
    constructor(options: StreamOptions, call: (callback: () => void) => void);
    /** Tells each event of this name. The function that it returns ends that. */
    on(name: string, handler: Call): () => void;
    tell(event: StreamEvent): void;
    reset(reason: string): void;
    /** Ends the loops, with an error if there is one. */
    end(error?: Error): void;
    /** Yields what comes. left: called when the loop is left. */
    loop(left: () => void): AsyncGenerator<StreamEvent, undefined>;
}
export {};
