/** patience.ts: waiting for what may never come: a module of the package, or an application's function. */
/** Rejects if the module does not come in time. A browser whose connections are taken waits for ever. */
export declare function inTime<T>(module: Promise<T>): Promise<T>;
/** A promise of an application's function may never settle. The attempt must end all the same. */
export declare function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T>;
