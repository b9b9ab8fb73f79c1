import type { Item, StreamState } from './types.js';
/** The tab's side of it. */
export interface TabsHost {
    /** where this tab is */
    resumeFrom(): string;
    received(): string;
    /** from the leader; false: it was known already */
    take(item: Item): boolean;
    state(state: StreamState): void;
    /** its own connection */
    connect(): void;
    disconnect(): void;
    reconnect(): void;
}
/** Whether locks and channels may be used here: a frame in a sandbox, or of a site that may keep no data, has them and is refused. */
export declare function canShare(): Promise<boolean>;
/** The last events, as a leader tells them to who comes late. */
export declare class Recent {
    #private;
    /** all events behind this one are here; empty: none */
    from: string;
    constructor(most?: number);
    add(item: Item, received: string): void;
    /** Undefined: it is not known what lies behind this cursor. */
    behind(cursor: string): Item[] | undefined;
}
export declare class Tabs {
    #private;
    constructor(name: string, staleAfter: number, host: TabsHost);
    close(): void;
    reconnect(): void;
    /** The leader's connection lives. */
    beat(): void;
    /** What the own connection yields, once the tab has taken it. */
    tell(item: Item): void;
    /** The state of the own connection. */
    tellState(state: StreamState): void;
}
