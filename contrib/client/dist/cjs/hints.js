"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.noteConnection = exports.endingOfClosing = void 0;
exports.endingOf = endingOf;
exports.explained = explained;
const answer_js_1 = require("./answer.js");
const refusal_js_1 = require("./refusal.js");
const types_js_1 = require("./types.js");
var answer_js_2 = require("./answer.js");
Object.defineProperty(exports, "endingOfClosing", { enumerable: true, get: function () { return answer_js_2.endingOfClosing; } });
var slots_js_1 = require("./slots.js");
Object.defineProperty(exports, "noteConnection", { enumerable: true, get: function () { return slots_js_1.noteConnection; } });
const probeMs = 2000;
const hints = {
    401: 'No token came that the daemon accepts. Look at its exp, iss, aud and key: the daemon\'s log says which it was',
    403: 'The token is good, and gives no right to this stream: see `require`, `match` and `authorize` of herald.stream. A page of an origin that is not in `allowed-origins` is 403 too',
    404: 'No stream has this path: `SELECT path FROM herald.streams` shows those that there are. Is url that of the daemon, and not that of the page\'s server?',
    429: 'This user or address has too many streams: share them (`identity`, `paths`), or raise max-streams-per-user',
};
const isLocal = (host) => host === 'localhost' || host.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(host);
/** True if there is a server, even if this page may not read what it says. */
async function answers(url, access) {
    try {
        await access.fetch(new URL('/stream/status', url), { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(probeMs) });
        return true;
    }
    catch {
        return false;
    }
}
async function whyUnreachable(access) {
    const { url } = access, page = globalThis.location;
    if (!page?.origin)
        return undefined;
    if (page.protocol === 'https:' && url.protocol === 'http:' && !isLocal(url.hostname)) {
        return new types_js_1.StreamError('The page came by https, and its browser opens no http', false, 0, `Give the stream an address with https, and not ${url.origin}`);
    }
    if (page.origin === url.origin || !(await answers(url, access)))
        return undefined;
    return new types_js_1.StreamError('The server does not let this page read its answer', false, 0, `Add ${page.origin} to allowed-origins of the daemon. If it is there, a proxy in front answers by itself`);
}
const isAnswer = (failure) => typeof failure === 'object' && failure !== null && 'ok' in failure;
/** What follows from an error of an attempt, or from an answer that refuses the stream. */
async function endingOf(failure, access) {
    const ending = (0, answer_js_1.endingOfError)(isAnswer(failure) ? await (0, refusal_js_1.refusalOf)(failure, 'the stream') : failure);
    return 'error' in ending ? { ...ending, error: await explained(ending.error, access) } : ending;
}
/** The error with a hint, or a better one. */
async function explained(error, access) {
    if (error.status === 0 && error.message === answer_js_1.unreachable)
        return (await whyUnreachable(access)) ?? error;
    const hint = hints[error.status];
    return hint ? Object.assign(error, { hint }) : error;
}
//# sourceMappingURL=hints.js.map