/**
 * backoff.ts: Backoff says how long to wait before the next attempt. Silence notices that nothing
 * comes. All times are in ms.
 */
/**
 * Waits with full jitter. The wait before attempt n, from 0, is drawn from [0, min * 2^n]. That
 * upper bound is at most max. What the server asks for is added.
 */
export declare class Backoff {
    #private;
    constructor(bounds?: {
        min?: number;
        max?: number;
    }, random?: () => number);
    /**
     * The wait before the next attempt. floor: what the server asks for by `retry:` or Retry-After.
     */
    next(floor?: number): number;
    /** A wait of at most min. It only spreads clients that come back at the same time. */
    soon(): number;
    reset(): void;
}
/**
 * Calls back once if heard() was not called for `ms`. heard() does not restart the timer, so it is
 * cheap. The timer looks again when it fires.
 */
export declare class Silence {
    #private;
    constructor(ms: number, silent: () => void);
    heard(): void;
    /** Looks now. No timer has run while the page slept, so the time may be over. */
    check(): void;
    stop(): void;
}
