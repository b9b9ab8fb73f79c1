// SPDX-License-Identifier: PostgreSQL
/** grants.ts: asks for tickets, and renews a stream. It is loaded when there is something to ask for. */
import { absolute } from './access.js';
import { refusalOf } from './refusal.js';
/** Shows the server a new token for the open stream with this code. */
export async function renew(access, code) {
    const { token, renew = '/stream/renew' } = access.options;
    if (token ? typeof token !== 'function' : access.credentials === 'omit')
        return false;
    const headers = { ...(await access.headers({ renew: true }, true)), 'Content-Type': 'application/json' };
    return (await access.fetch(absolute(renew, access.url), { method: 'POST', headers, body: JSON.stringify({ stream: code }) })).ok;
}
/** A ticket from the address that gives them. */
export async function ticketFrom(access, address, ask) {
    const response = await access.fetch(absolute(address, access.url), { method: 'POST', headers: await access.headers(ask, true) });
    if (!response.ok)
        throw await refusalOf(response, 'a ticket');
    return (await response.json()).ticket;
}
//# sourceMappingURL=grants.js.map