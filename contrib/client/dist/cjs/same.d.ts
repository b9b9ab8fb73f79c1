/** same.ts: says whether two functions are the same one, and whether two values mean the same. */
/** True if they mean the same as columns. A number may be a text, and undefined is null. */
export declare function isSame(a: unknown, b: unknown): boolean;
declare class Functions {
    #private;
    /** A number for a function. All else is as it is. */
    idOf(value: unknown): unknown;
    /** Counts a function as another one, which it calls. */
    standIn<F extends Function>(stands: F, original: Function): F;
}
export declare const functions: Functions;
export {};
