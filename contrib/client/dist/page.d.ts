/** page.ts: what happens to the page around a stream: network gone and back, hidden and shown, put away and taken out again. */
export interface PageCalls {
    online?: () => void;
    shown?: () => void;
    away?: () => void;
    back?: () => void;
}
export declare const offline: () => boolean;
/** Returns what ends it. Outside a page nothing happens. */
export declare function watchPage(calls: PageCalls): () => void;
