import type { StreamOptions } from './types.js';
/** As the table has it; it has more columns. */
export interface Order {
    id: string;
    order_code: string;
    order_status: string;
    created_at: string;
    updated_at: string;
    [column: string]: unknown;
}
/**
 * The list is fetched behind the opening of the stream, so what it lacks comes as an event: nothing falls between the two. Events wait while it is
 * under way, and one that says less than the list (it was on its way already) changes nothing.
 */
export declare class OrderBook {
    #private;
    constructor(changed: (orders: Order[]) => void);
    /** What comes from now on waits for the list. */
    hold(): void;
    fill(list: Order[]): void;
    /** Another list is to come, or none. */
    clear(): void;
    /** Does it, once the list is there. */
    then(act: () => void): void;
    put(order: Order): void;
    /** A cancelled order is kept, unseen: what is older may still arrive. */
    cancel(id: string): void;
}
/** The list; asked for until it is there. Undefined: the signal has ended it. */
export declare function fetchOrders(url: string, access: Pick<StreamOptions, 'token' | 'credentials'>, signal: AbortSignal, failed: (why: string) => void): Promise<Order[] | undefined>;
