import { type Medium } from './medium.js';
import { StreamError, type Item, type StreamState } from './types.js';
export { Recent } from './recent.js';
export { canShare, thisPage } from './medium.js';
/** What Tabs needs of its tab. */
export interface TabsHost {
    /** the id after which this tab goes on */
    resumeFrom(): string;
    received(): string;
    /** takes an item from the leader; false if it was known already */
    take(item: Item): boolean;
    state(state: StreamState): void;
    error(error: StreamError): void;
    /** opens the tab's own connection; disconnect() closes it */
    connect(): void;
    disconnect(): void;
    reconnect(): void;
}
export declare class Tabs {
    #private;
    constructor(name: string, staleAfter: number, host: TabsHost, medium?: Medium);
    close(): void;
    reconnect(): void;
    /** Tells the others that the leader's connection lives. */
    beat(): void;
    /** Takes each item of the tab's own connection, after the tab has taken it. */
    tell(item: Item): void;
    /** Takes the state of the tab's own connection. */
    tellState(state: StreamState): void;
    /** Tells the others what has gone wrong with the leader's connection. */
    tellError({ message, status }: StreamError): void;
}
