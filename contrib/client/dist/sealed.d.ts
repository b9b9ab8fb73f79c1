import { type Keys } from './unseal.js';
/** Resolves to the name and the data that were inside. */
export declare function opened(event: string, text: string, keys: Keys, parse?: (text: string) => unknown): Promise<{
    event: string;
    data: unknown;
}>;
