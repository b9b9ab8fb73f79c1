"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.renew = renew;
exports.ticketFrom = ticketFrom;
// SPDX-License-Identifier: PostgreSQL
/** grants.ts: asks for tickets, and renews a stream. It is loaded when there is something to ask for. */
const access_js_1 = require("./access.js");
const refusal_js_1 = require("./refusal.js");
/** Shows the server a new token for the open stream with this code. */
async function renew(access, code) {
    const { token, renew = '/stream/renew' } = access.options;
    if (token ? typeof token !== 'function' : access.credentials === 'omit')
        return false;
    const headers = { ...(await access.headers({ renew: true }, true)), 'Content-Type': 'application/json' };
    return (await access.fetch((0, access_js_1.absolute)(renew, access.url), { method: 'POST', headers, body: JSON.stringify({ stream: code }) })).ok;
}
/** A ticket from the address that gives them. */
async function ticketFrom(access, address, ask) {
    const response = await access.fetch((0, access_js_1.absolute)(address, access.url), { method: 'POST', headers: await access.headers(ask, true) });
    if (!response.ok)
        throw await (0, refusal_js_1.refusalOf)(response, 'a ticket');
    return (await response.json()).ticket;
}
//# sourceMappingURL=grants.js.map