import { type KeyedOptions } from './key.js';
import type { StreamError, StreamEvent, StreamState } from './types.js';
export type UseStreamOptions = KeyedOptions;
export interface UseStream {
    state: StreamState;
    /** The last thing that went wrong. It is null again when the stream is open again. */
    error: StreamError | null;
    reconnect: () => void;
    /** the stream's cursor at the moment when it is read */
    readonly cursor: string;
}
/** Keeps a stream open. After its component has gone, the stream does not call onState. */
export declare function useStream(options: UseStreamOptions): UseStream;
/**
 * The value that reduce() makes of `initial` and all events so far. A reset or another stream sets
 * it to `initial` again.
 */
export declare function useEvents<V>(options: UseStreamOptions, reduce: (value: V, event: StreamEvent) => V, initial: V): UseStream & {
    value: V;
};
