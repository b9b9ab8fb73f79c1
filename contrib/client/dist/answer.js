// SPDX-License-Identifier: PostgreSQL
/**
 * answer.ts: says what the end of an attempt means for the next one. An attempt ends with an answer
 * of the server, a `closing` event or a lost connection.
 */
import { StreamError } from './types.js';
export const isRefusal = (error) => error instanceof StreamError && 'retryAfter' in error;
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
//# sourceMappingURL=answer.js.map