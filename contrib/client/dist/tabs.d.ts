import type { Item, StreamState } from './types.js';
/** What Tabs needs of its tab. */
export interface TabsHost {
    /** the id after which this tab goes on */
    resumeFrom(): string;
    received(): string;
    /** takes an item from the leader; false if it was known already */
    take(item: Item): boolean;
    state(state: StreamState): void;
    /** opens the tab's own connection; disconnect() closes it */
    connect(): void;
    disconnect(): void;
    reconnect(): void;
}
/**
 * Resolves to true if locks and channels may be used here. A frame in a sandbox has them and is
 * refused. So is a frame of a site that may keep no data.
 */
export declare function canShare(): Promise<boolean>;
/** The last events. A leader tells them to a tab that joins late. */
export declare class Recent {
    #private;
    /** all events after this id are here; empty if there are none */
    from: string;
    constructor(most?: number);
    add(item: Item, received: string): void;
    /** The events after this cursor. Undefined if some of them are not known. */
    behind(cursor: string): Item[] | undefined;
}
export declare class Tabs {
    #private;
    constructor(name: string, staleAfter: number, host: TabsHost);
    close(): void;
    reconnect(): void;
    /** Tells the others that the leader's connection lives. */
    beat(): void;
    /** Takes each item of the tab's own connection, after the tab has taken it. */
    tell(item: Item): void;
    /** Takes the state of the tab's own connection. */
    tellState(state: StreamState): void;
}
