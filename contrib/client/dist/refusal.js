import { StreamError } from './types.js';
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
//# sourceMappingURL=refusal.js.map