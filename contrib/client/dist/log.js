// SPDX-License-Identifier: PostgreSQL
/** log.ts: what the parts say to whoever looks for a fault. Tokens, tickets and data are not in it. */
/** debug: the option of that name. true means the console. */
export function logOf(debug, url) {
    if (typeof debug === 'function')
        return debug;
    if (!debug)
        return () => { };
    return (line, ...detail) => console.debug(`pgherald ${url.pathname}: ${line}`, ...detail);
}
//# sourceMappingURL=log.js.map