"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keyOf = keyOf;
// SPDX-License-Identifier: PostgreSQL
/**
 * key.ts: says whether the options of two renders mean the same stream. That stream then goes on.
 * There is no React in here.
 */
const identity_js_1 = require("./identity.js");
// Functions may be new at each render, so only what they are is compared.
const kindOf = (value) => (typeof value === 'function' ? { function: true } : value);
/**
 * A text that is the same for options of the same stream. Functions may be new at each render, and
 * a token may be a renewed one. Those do not make another stream.
 */
function keyOf({ url, paths, token, ticket, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback, headers }) {
    const whose = typeof token === 'string' ? (0, identity_js_1.identityOf)(token) : typeof token;
    return JSON.stringify([url, paths, whose, kindOf(ticket), kindOf(headers), events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback]);
}
//# sourceMappingURL=key.js.map