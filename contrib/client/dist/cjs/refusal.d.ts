/** refusal.ts: reads an answer that refuses. It is loaded when there is one. */
import type { Refusal } from './answer.js';
/**
 * The ms that a Retry-After header asks for, at most one hour. 0 if there is none, or if it is
 * over. Its value is seconds or a date (RFC 9110 10.2.3). now: ms since 1970.
 */
export declare function retryAfterOf(value: string | null, now?: number): number;
/** The error for an answer that refuses. what: names what was asked for, as 'the stream'. */
export declare function refusalOf(response: Response, what: string): Promise<Refusal>;
