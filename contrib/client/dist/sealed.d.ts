import { StreamError, type StreamEvent } from './types.js';
import { type Keys } from './unseal.js';
export interface Sealed {
    id: string;
    event: string;
    text: string;
    keys: Keys;
    parse: ((text: string) => unknown) | undefined;
}
/** Resolves to the event as it was before, or to the reason why it cannot be read. */
export declare function opened({ id, event, text, keys, parse }: Sealed): Promise<StreamEvent | StreamError>;
