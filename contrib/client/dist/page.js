// SPDX-License-Identifier: PostgreSQL
/**
 * page.ts: tells what happens to the page around a stream. The network comes back (online), or the
 * page is shown after it was hidden (shown). The browser puts the page away (away), and takes it
 * out again (back).
 */
export const offline = () => globalThis.navigator?.onLine === false;
/** True if its user sees the page, as far as the browser knows. */
export const shown = () => globalThis.document?.visibilityState !== 'hidden';
/** Calls back until the function that it returns is called. Outside a page nothing happens. */
export function watchPage(calls) {
    if (typeof globalThis.addEventListener !== 'function')
        return () => { };
    const ended = new AbortController();
    const on = (target, type, call) => {
        target?.addEventListener(type, call, { signal: ended.signal });
    };
    on(globalThis, 'online', () => calls.online?.());
    on(globalThis, 'pagehide', () => calls.away?.());
    on(globalThis, 'pageshow', (event) => event.persisted && calls.back?.());
    const { document } = globalThis;
    on(document, 'visibilitychange', () => document.visibilityState === 'visible' && calls.shown?.());
    on(document, 'resume', () => calls.shown?.());
    return () => ended.abort();
}
//# sourceMappingURL=page.js.map