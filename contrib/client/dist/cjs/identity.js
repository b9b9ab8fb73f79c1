"use strict";
// SPDX-License-Identifier: PostgreSQL
/**
 * identity.ts: says whose token it is. The identity decides which tabs may share a connection. It
 * is never sent or stored.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.identityOf = identityOf;
exports.subjectOf = subjectOf;
exports.nameOf = nameOf;
// Claims that differ between two tokens of one identity.
const passing = new Set(['exp', 'iat', 'nbf', 'jti']);
function claimsOf(token) {
    try {
        const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
        const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
        const claims = JSON.parse(new TextDecoder().decode(bytes));
        return typeof claims === 'object' && claims !== null ? claims : undefined;
    }
    catch {
        return undefined;
    }
}
/**
 * All that a token says of rights, as one text. Two tokens with different texts might see different
 * events. A token that cannot be read is its own identity.
 */
function identityOf(token) {
    const claims = claimsOf(token);
    if (!claims)
        return `token ${token}`;
    const lasting = Object.entries(claims).filter(([name]) => !passing.has(name));
    return `claims ${JSON.stringify(lasting.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}
/** The token's subject. Undefined if the token has none, or cannot be read. */
function subjectOf(token) {
    return claimsOf(token)?.['sub'];
}
// Of what tabs say to each other. Tabs of another version of the package do not meet these.
const protocol = 2;
/** A name for this url and identity that reveals neither. Undefined if there is no Web Crypto. */
async function nameOf(url, identity) {
    if (!globalThis.crypto?.subtle)
        return undefined;
    const bytes = new TextEncoder().encode(JSON.stringify([url, identity]));
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return `pgherald ${protocol} ${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
//# sourceMappingURL=identity.js.map