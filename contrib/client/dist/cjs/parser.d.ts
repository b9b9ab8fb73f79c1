/**
 * parser.ts: parses text/event-stream as WHATWG HTML 9.2.6 says. It takes bytes that are cut
 * anywhere, and calls back with events.
 */
export interface ParsedEvent {
    /** the last event id, which stays until another one comes */
    id: string;
    /** true if this event's own lines had the id */
    own: boolean;
    /** empty for a plain message */
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
