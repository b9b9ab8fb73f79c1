import { StreamError, type StreamEvent } from './types.js';
export interface LoaderCalls<Row> {
    /** ms within which a new beginning is drawn */
    spread: number;
    /** the time has come to begin anew */
    begin(): void;
    load: ((signal: AbortSignal) => Promise<readonly Row[]>) | undefined;
    /** held: the events since the rows were asked for */
    loaded(rows: readonly Row[], held: StreamEvent[]): void;
    failed(error: StreamError): void;
}
export declare class Loader<Row> {
    #private;
    constructor(calls: LoaderCalls<Row>);
    get busy(): boolean;
    /** True if the rows will be loaded again, so those that come before that are stale. */
    get waits(): boolean;
    /** Begins anew after a random time. */
    again(): void;
    hold(event: StreamEvent): void;
    stop(): void;
    /** Asks for the rows until they come. An answer that is on its way counts no more. */
    now(): void;
}
