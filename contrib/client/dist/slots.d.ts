/**
 * slots.ts: counts the connections that the tabs of a browser have to one server. Over HTTP/1.1 a
 * browser opens six, and lets all else wait without a word.
 */
export declare const slotName: (origin: string) => string;
/** Notes a connection until the signal ends it. */
export declare function noteConnection(origin: string, signal: AbortSignal): void;
