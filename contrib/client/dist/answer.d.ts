/** answer.ts: what an answer of the server, a `closing` event or a lost connection means for the next attempt. */
import { StreamError } from './types.js';
/** How an attempt has ended. now: the next one at once; soon: spread a little; later: with backoff; never: closed. */
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
/** A StreamError of an answer's status. retryAfter: milliseconds. */
export interface Refusal extends StreamError {
    retryAfter: number;
}
export declare const isRefusal: (error: unknown) => error is Refusal;
/** Milliseconds that a Retry-After asks for; 0 where there is none, at most an hour. */
export declare function retryAfterOf(value: string | null, now?: number): number;
/** what: 'the stream', 'a ticket'. */
export declare function refusalOf(response: Response, what: string): Promise<Refusal>;
/** What follows from an error of an attempt. */
export declare function endingOfError(error: unknown): Ending;
/** What follows from a `closing` event. */
export declare function endingOfClosing(reason: string): Ending;
