/** messages.ts: what tabs say to each other, and what each needs of itself. */
import type { Item, StreamError, StreamState } from './types.js';
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
export type Message = {
    from: string;
} & ({
    kind: 'leader';
} | {
    kind: 'join';
    cursor: string;
    epoch: string;
} | {
    kind: 'welcome';
    to: string;
    count: number;
    cursor: string;
    epoch: string;
    state: StreamState;
    plain: boolean | undefined;
    items: Item[];
} | {
    kind: 'alone';
    to: string;
    upto: string;
} | {
    kind: 'items';
    count: number;
    items: Item[];
    epoch: string;
} | {
    kind: 'state';
    state: StreamState;
} | {
    kind: 'error';
    message: string;
    status: number;
    hint: string;
} | {
    kind: 'ask';
} | {
    kind: 'beat';
    count: number;
} | {
    kind: 'reconnect';
});
