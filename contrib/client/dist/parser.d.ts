/** parser.ts: text/event-stream, as WHATWG HTML 9.2.6 has it. Bytes in, cut anywhere; events out. */
export interface ParsedEvent {
    /** the last event id, which stays until another one comes */
    id: string;
    /** whether this event's own lines had it */
    own: boolean;
    /** empty: a plain message */
    event: string;
    data: string;
}
export interface ParserCalls {
    onEvent(event: ParsedEvent): void;
    onRetry?(ms: number): void;
    onComment?(text: string): void;
}
export declare class Parser {
    #private;
    constructor(calls: ParserCalls);
    push(bytes: Uint8Array): void;
}
