/**
 * answer.ts: says what the end of an attempt means for the next one. An attempt ends with an answer
 * of the server, a `closing` event or a lost connection.
 */
import { StreamError } from './types.js';
/**
 * How an attempt has ended, and what follows.
 * - now: the next attempt begins at once.
 * - soon: it begins after a short random wait, so that clients do not all come at once.
 * - mute: no byte came in time, so a proxy may hold the stream back. It begins at once.
 * - later: it begins after a wait with backoff. `floor` is added to the wait, in ms.
 * - refused: the token or ticket was refused. One attempt with a new one follows.
 * - never: no attempt follows, and the stream is closed.
 */
export type Ending = {
    then: 'now' | 'soon' | 'mute';
} | {
    then: 'later';
    error: StreamError;
    floor?: number;
} | {
    then: 'refused' | 'never';
    error: StreamError;
};
/** A StreamError for an answer that refuses. retryAfter: ms that its Retry-After asks for. */
export interface Refusal extends StreamError {
    retryAfter: number;
}
export declare const isRefusal: (error: unknown) => error is Refusal;
export declare const unreachable = "The server cannot be reached";
/** What follows from an error of an attempt. Only an error of the network is no StreamError. */
export declare function endingOfError(error: unknown): Ending;
/** What follows from a `closing` event with this reason. renewable: another token may be had. */
export declare function endingOfClosing(reason: string, renewable: boolean): Ending;
