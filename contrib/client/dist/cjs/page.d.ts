/**
 * page.ts: tells what happens to the page around a stream. The network comes back (online), or the
 * page is shown after it was hidden (shown). The browser puts the page away (away), and takes it
 * out again (back).
 */
export interface PageCalls {
    online?: () => void;
    shown?: () => void;
    away?: () => void;
    back?: () => void;
}
export declare const offline: () => boolean;
/** True if its user sees the page, as far as the browser knows. */
export declare const shown: () => boolean;
/** Calls back until the function that it returns is called. Outside a page nothing happens. */
export declare function watchPage(calls: PageCalls): () => void;
