/** example.ts: hooks of the example's pages (contrib/example): the orders of a store, the numbers of a game. To copy from. */
import { type ReactNode } from 'react';
import { type Order } from './orders.js';
import type { StreamOptions } from './types.js';
export type { Order } from './orders.js';
/** What all hooks need: where pgherald is (default: where the page is), who asks, and the passwords of sealed streams. */
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
    /** the stream is open for the first time, or what was missed cannot be had: fetch the list */
    onFetch?: () => void;
    /** this stream has ended; another one may follow, of another store or with other rights */
    onEnd?: () => void;
}
/** Orders of a store, as they change. */
export declare function useOrdersSSE(storeSlug: string | null | undefined, calls?: OrdersStream): Connection;
/** The orders of a store that are not cancelled, the newest first: fetched behind the opening of the stream, kept by its events. */
export declare function useOrdersPageSSE(storeSlug: string | null | undefined, calls?: OrderCallbacks): Connection & {
    orders: Order[];
};
export interface RouletteNumber {
    value: number;
    color: string;
    timestamp: string;
}
/** The last numbers of a game, the newest first; they come sealed: `keys` of the provider, or here. k: how many come at once. */
export declare function useRouletteStream(gameId: string | null | undefined, token?: StreamOptions['token'] | null, more?: Pick<StreamOptions, 'keys'> & {
    k?: number;
}): {
    numbers: RouletteNumber[];
    isConnected: boolean;
};
