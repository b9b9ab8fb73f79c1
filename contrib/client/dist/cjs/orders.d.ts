import type { StreamOptions } from './types.js';
/** An order, as its row in the table. The table has more columns. */
export interface Order {
    id: string;
    order_code: string;
    order_status: string;
    created_at: string;
    updated_at: string;
    [column: string]: unknown;
}
/**
 * Keeps the list. The list is fetched after the stream has opened. So what it lacks comes as an
 * event, and nothing falls between the two. Events wait while the list is being fetched. An event
 * that was on its way before that may be older than the list. It changes nothing.
 */
export declare class OrderBook {
    #private;
    constructor(changed: (orders: Order[]) => void);
    /** Events that come from now on wait for the list. */
    hold(): void;
    fill(list: Order[]): void;
    /** Forgets the orders. Another list may follow. */
    clear(): void;
    /** Runs act, after the list has come. */
    then(act: () => void): void;
    put(order: Order): void;
    /** A cancelled order is kept and not shown, because an older state of it may still arrive. */
    cancel(id: string): void;
}
/**
 * Fetches the list, and tries until it succeeds. failed: gets each failure as a sentence. Undefined
 * if the signal has ended it.
 */
export declare function fetchOrders(url: string, access: Pick<StreamOptions, 'token' | 'credentials'>, signal: AbortSignal, failed: (why: string) => void): Promise<Order[] | undefined>;
