"use strict";
// SPDX-License-Identifier: PostgreSQL
/**
 * unseal.ts: reads the data of sealed streams with nothing but Web Crypto. The data is Fe26.2, as
 * made by @hapi/iron with its defaults. The module runs in Node, and in pages of https or localhost.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.unseal = unseal;
const form = /^(Fe26\.2\*(\w*)\*([0-9a-f]{64})\*([\w-]{22})\*([\w-]+)\*(\d*))\*([0-9a-f]{64})\*([\w-]{42}[AEIMQUYcgkosw048])$/;
const skewMs = 60_000;
const passwordMin = 32;
const utf8 = new TextEncoder();
/**
 * Resolves to the value that was sealed. keys: a password, or an object { id: password } if there
 * are several. Without an id in the text, the password with the id `default` is taken. now: ms
 * since 1970. parse: in place of JSON.parse. Rejects with an Error that says why. A text that was changed on its way is never
 * decrypted.
 */
async function unseal(sealed, keys, { now = Date.now(), parse } = {}) {
    if (!globalThis.crypto?.subtle)
        throw new Error('there is no Web Crypto: it takes a page of https or localhost');
    const parts = form.exec(sealed);
    if (!parts)
        throw new Error('this is no sealed text of the form Fe26.2');
    const [base, id, salt, iv, encrypted, expiration, macSalt, mac] = parts.slice(1);
    const password = passwordOf(keys, id);
    const macKey = await derive(password, macSalt, { name: 'HMAC', hash: 'SHA-256', length: 256 }, 'verify');
    if (!(await crypto.subtle.verify('HMAC', macKey, bytesOf(mac), utf8.encode(base)))) {
        throw new Error('the sealed text was changed, or sealed with another key');
    }
    if (expiration && Number(expiration) <= now - skewMs)
        throw new Error('the sealed text has expired');
    const key = await derive(password, salt, { name: 'AES-CBC', length: 256 }, 'decrypt');
    const text = await decrypt(key, bytesOf(iv), bytesOf(encrypted));
    const value = checked(text);
    return parse ? parse(text) : value;
}
function passwordOf(keys, id) {
    const password = typeof keys === 'string' ? keys : keys[id || 'default'];
    if (typeof password !== 'string')
        throw new Error(`there is no key for the id '${id}'`);
    if (password.length < passwordMin)
        throw new Error(`the key has fewer than ${passwordMin} characters`);
    return password;
}
async function derive(password, salt, algorithm, use) {
    const raw = await crypto.subtle.importKey('raw', utf8.encode(password), 'PBKDF2', false, ['deriveKey']);
    return crypto.subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-1', salt: utf8.encode(salt), iterations: 1 }, raw, algorithm, false, [use]);
}
async function decrypt(key, iv, encrypted) {
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, encrypted));
    }
    catch {
        throw new Error('the sealed text cannot be decrypted');
    }
}
function bytesOf(base64url) {
    return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}
// As in @hapi/iron. A member of that name would become the prototype of what it is assigned to.
function checked(json) {
    return JSON.parse(json, (name, value) => {
        if (name === '__proto__')
            throw new Error('the sealed object has a member __proto__');
        return value;
    });
}
//# sourceMappingURL=unseal.js.map