// SPDX-License-Identifier: PostgreSQL
/**
 * answer.ts: says what the end of an attempt means for the next one. An attempt ends with an answer
 * of the server, a `closing` event or a lost connection.
 */
import { StreamError } from './types.js';
export const isRefusal = (error) => error instanceof StreamError && 'retryAfter' in error;
/**
 * The ms that a Retry-After header asks for, at most one hour. 0 if there is none, or if it is
 * over. Its value is seconds or a date (RFC 9110 10.2.3). now: ms since 1970.
 */
export function retryAfterOf(value, now = Date.now()) {
    if (value === null)
        return 0;
    const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
    return ms > 0 ? Math.min(ms, 3_600_000) : 0;
}
async function sentenceOf(response) {
    try {
        const body = (await response.json());
        return typeof body.errors?.[0] === 'string' ? body.errors[0] : response.statusText;
    }
    catch {
        return response.statusText;
    }
}
/** The error for an answer that refuses. what: names what was asked for, as 'the stream'. */
export async function refusalOf(response, what) {
    const text = await sentenceOf(response);
    const error = new StreamError(`The server refuses ${what}: ${response.status}${text && ` ${text}`}`, false, response.status);
    return Object.assign(error, { retryAfter: retryAfterOf(response.headers.get('Retry-After')) });
}
export const unreachable = 'The server cannot be reached';
const passing = new Set([408, 425, 429]);
/** What follows from an error of an attempt. Only an error of the network is no StreamError. */
export function endingOfError(error) {
    if (!(error instanceof StreamError))
        return { then: 'later', error: new StreamError(unreachable, false) };
    if (error.final)
        return { then: 'never', error };
    if (!isRefusal(error))
        return { then: 'later', error };
    if (error.status === 401 || error.status === 403)
        return { then: 'refused', error };
    if (error.status >= 500 || passing.has(error.status))
        return { then: 'later', error, floor: error.retryAfter };
    return { then: 'never', error };
}
const reasons = {
    revoked: 'The right to this stream was revoked',
    forbidden: 'The right to this stream has ended',
};
/** What follows from a `closing` event with this reason. renewable: another token may be had. */
export function endingOfClosing(reason, renewable) {
    if (reason === 'revoked' && renewable)
        return { then: 'soon' }; // only its key was taken away
    const over = reasons[reason];
    if (over)
        return { then: 'never', error: new StreamError(over, true) };
    if (reason === 'shutdown' || reason === 'expired')
        return { then: 'soon' };
    return { then: 'later', error: new StreamError(`The server has closed the stream (${reason})`, false) };
}
