export { record, replay, type Transcript } from './transcript.js';
export interface ScriptedRequest {
    url: URL;
    method: string;
    headers: Record<string, string>;
}
export interface ScriptedOptions {
    /** The state that the stream begins with. Without it the stream begins without one. */
    state?: () => readonly unknown[];
    /** The answer to POST, such as a request for a ticket. */
    answer?: (request: ScriptedRequest) => Response | undefined;
}
export declare class ScriptedServer {
    #private;
    /** all requests so far */
    readonly requests: ScriptedRequest[];
    constructor(options?: ScriptedOptions);
    /** In place of the global fetch. */
    readonly fetch: typeof globalThis.fetch;
    /** How many streams are open. */
    get open(): number;
    /** Commits an event: it goes to all open streams, and to those that resume. Returns its id. */
    event(name: string, data: unknown): string;
    /** Writes these bytes into all open streams, as they are. */
    raw(text: string): void;
    /** The server ends all streams, with this reason. */
    closing(reason: string): void;
    /** All connections are lost. */
    cut(): void;
    /** Forgets what was told so far. Who resumes from before is told `reset`. */
    forget(): void;
    /** Refuses the next request. Without a status it cannot be reached. */
    refuse(status?: number, message?: string, headers?: Record<string, string>): void;
}
/** A server of streams that does what the test says. */
export declare function scripted(options?: ScriptedOptions): ScriptedServer;
