/** same.ts: says whether two functions are the same one, as a text that can be compared. */
declare class Functions {
    #private;
    /** A number for a function. All else is as it is. */
    idOf(value: unknown): unknown;
    /** Counts a function as another one, which it calls. */
    standIn<F extends Function>(stands: F, original: Function): F;
}
export declare const functions: Functions;
export {};
