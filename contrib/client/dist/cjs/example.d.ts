/**
 * example.ts: React hooks for the pages of contrib/example, to copy from. They follow the orders of
 * a store, and the numbers of a game.
 */
import { type ReactNode } from 'react';
import { type Order } from './orders.js';
import type { StreamOptions } from './types.js';
export type { Order } from './orders.js';
/**
 * What all hooks need: who asks, and the passwords of sealed streams. base: the origin of pgherald,
 * by default that of the page.
 */
export interface HeraldSettings extends Pick<StreamOptions, 'token' | 'ticket' | 'keys' | 'share' | 'credentials' | 'identity' | 'backoff'> {
    base?: string;
}
export declare function HeraldProvider({ children, ...settings }: HeraldSettings & {
    children?: ReactNode;
}): import("react").FunctionComponentElement<import("react").ProviderProps<HeraldSettings>>;
export interface OrderCallbacks {
    onNewOrder?: (order: Order) => void;
    onOrderUpdate?: (orderId: string, updatedOrder: Order) => void;
    onOrderCancel?: (orderId: string) => void;
}
export interface Connection {
    isConnected: boolean;
    connectionError: string | null;
    reconnect: () => void;
}
export interface OrdersStream extends OrderCallbacks {
    /**
     * Fetch the list. The stream is open for the first time, or changes were not told one by one
     * (a reset, or `bulk`).
     */
    onFetch?: () => void;
    /** This stream has ended. Another one may follow, for another store or with other rights. */
    onEnd?: () => void;
}
/** Calls back for each change of a store's orders. There is no stream without storeSlug. */
export declare function useOrdersSSE(storeSlug: string | null | undefined, calls?: OrdersStream): Connection;
/**
 * The orders of a store that are not cancelled, the newest first. The hook fetches the list after
 * the stream has opened, and keeps it current by the stream's events.
 */
export declare function useOrdersPageSSE(storeSlug: string | null | undefined, calls?: OrderCallbacks): Connection & {
    orders: Order[];
};
export interface RouletteNumber {
    value: number;
    color: string;
    timestamp: string;
}
/**
 * The last numbers of a game, at most 50, the newest first. They come sealed, so `keys` are needed,
 * here or from the provider. k: how many numbers of before the stream begins with.
 */
export declare function useRouletteStream(gameId: string | null | undefined, token?: StreamOptions['token'] | null, more?: Pick<StreamOptions, 'keys'> & {
    k?: number;
}): {
    numbers: RouletteNumber[];
    isConnected: boolean;
};
