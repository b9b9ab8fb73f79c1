/** log.ts: what the parts say to whoever looks for a fault. Tokens, tickets and data are not in it. */
export type Log = (line: string, detail?: unknown) => void;
/** debug: the option of that name. true means the console. */
export declare function logOf(debug: boolean | Log | undefined, url: URL): Log;
