/** Notes a connection until the signal ends it. */
export declare function noteConnection(origin: string, signal: AbortSignal): void;
/** Resolves to true if the connections beside this one are as many as a browser opens. */
export declare function areAllTaken(origin: string): Promise<boolean>;
