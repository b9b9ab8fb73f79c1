import { type KeyedOptions } from './key.js';
import type { StreamError, StreamEvent, StreamState } from './types.js';
export type UseStreamOptions = KeyedOptions;
export interface UseStream {
    state: StreamState;
    /** the last thing that went wrong; gone when the stream is open again */
    error: StreamError | null;
    reconnect: () => void;
    /** as connect()'s, at the moment it is read */
    readonly cursor: string;
}
/** onState of a stream that has ended with its component is not called. */
export declare function useStream(options: UseStreamOptions): UseStream;
/** The value that all events so far make of `initial`, which it is again after a reset. */
export declare function useEvents<V>(options: UseStreamOptions, reduce: (value: V, event: StreamEvent) => V, initial: V): UseStream & {
    value: V;
};
