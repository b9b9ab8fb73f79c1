/** backoff.ts: how long to wait before the next attempt, and who notices silence. */
/** The wait of attempt n is drawn from [0, min * 2^n], at most max ("full jitter"), on top of what the server asks for. */
export declare class Backoff {
    #private;
    constructor(bounds?: {
        min?: number;
        max?: number;
    }, random?: () => number);
    /** floor: what the server asks for, by `retry:` or Retry-After. */
    next(floor?: number): number;
    /** A wait that only spreads those who come back at once. */
    soon(): number;
    reset(): void;
}
/** Calls back once when heard() was not called for so long. The timer is not moved at each call, it looks again. */
export declare class Silence {
    #private;
    constructor(ms: number, silent: () => void);
    heard(): void;
    /** Whether it is over, though no timer could run (a page that slept). */
    check(): void;
    stop(): void;
}
