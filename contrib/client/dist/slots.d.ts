/**
 * slots.ts: counts the connections that the tabs of a browser have to one server. Over HTTP/1.1 a
 * browser opens six, and lets all else wait without a word.
 */
import { StreamError } from './types.js';
/**
 * Notes a connection until the signal ends it. crowded: called if it has no answer after a while,
 * and others have all that there are.
 */
export declare function noteConnection(origin: string, signal: AbortSignal, crowded: (error: StreamError) => void): void;
