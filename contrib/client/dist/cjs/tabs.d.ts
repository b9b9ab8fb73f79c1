import { type Medium } from './medium.js';
import type { TabsHost } from './messages.js';
import { StreamError, type Item, type StreamState } from './types.js';
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
    tellError({ message, status, hint }: StreamError): void;
}
