/** breath.ts: long work in pieces, so that a page can paint and hear its user between two of them. */
export declare class Breath {
    #private;
    /** Waits for another task, if the work has lasted long enough without one. */
    take(): Promise<void>;
}
