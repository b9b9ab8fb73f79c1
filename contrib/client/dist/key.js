// SPDX-License-Identifier: PostgreSQL
/** key.ts: whether the options of two renders are of one stream, which then goes on. No React here. */
import { identityOf } from './identity.js';
/** Another text, another stream. Functions may be new ones at each render, and a token a renewed one: that is the same stream. */
export function keyOf({ url, token, ticket, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback }) {
    const whose = typeof token === 'string' ? identityOf(token) : typeof token;
    const tickets = typeof ticket === 'function' ? { function: true } : ticket;
    return JSON.stringify([url, whose, tickets, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback]);
}
