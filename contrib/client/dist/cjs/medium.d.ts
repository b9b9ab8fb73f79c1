/**
 * medium.ts: where those who share a connection meet: all tabs of the browser, or the components of
 * one page. Both have a lock, which one of them holds, and a channel to all others.
 */
export interface Channel {
    onmessage: ((event: {
        data: any;
    }) => void) | null;
    postMessage(message: unknown): void;
    close(): void;
}
export interface Medium {
    channel(name: string): Channel;
    /** As navigator.locks.request(). */
    lock(name: string, how: {
        signal: AbortSignal;
    } | {
        steal: true;
    }, held: () => Promise<void> | void): Promise<unknown>;
}
export declare const tabsOfBrowser: Medium;
/**
 * Resolves to true if locks and channels may be used here. A frame in a sandbox has them and is
 * refused. So is a frame of a site that may keep no data.
 */
export declare function canShare(): Promise<boolean>;
export declare const thisPage: Medium;
