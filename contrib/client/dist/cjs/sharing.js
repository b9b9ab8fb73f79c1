"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.meeting = meeting;
const identity_js_1 = require("./identity.js");
const medium_js_1 = require("./medium.js");
const same_js_1 = require("./same.js");
const tabs_js_1 = require("./tabs.js");
/**
 * Resolves to a function that joins those who share a connection. They are all tabs of the browser,
 * if it is known whose stream it is. Otherwise they are the components of this page that have the
 * same url and the same functions. Rejects if there is no token.
 */
async function meeting(access, feed, source, { staleAfter, ...sharer }) {
    const identity = await access.identity();
    const name = identity !== undefined && (await (0, medium_js_1.canShare)()) ? await (0, identity_js_1.nameOf)(access.url.href, identity) : undefined;
    const host = {
        ...sharer,
        resumeFrom: () => feed.resumeFrom(),
        received: () => feed.received,
        take: (item) => feed.take(item),
        connect: () => source.start(),
        disconnect: () => source.stop(),
        reconnect: () => source.restart(),
    };
    access.log(`shares as ${name ?? 'a component of this page'}`);
    return () => (name ? new tabs_js_1.Tabs(name, staleAfter, host, medium_js_1.tabsOfBrowser) : new tabs_js_1.Tabs(pageName(access, identity), staleAfter, host, medium_js_1.thisPage));
}
// The same text for streams of this page that may share a connection.
function pageName({ url, credentials, options }, identity) {
    const { token, ticket, headers, fetch } = options;
    return JSON.stringify([url, credentials, identity ?? [token, ticket, headers, fetch].map((value) => same_js_1.functions.idOf(value))]);
}
//# sourceMappingURL=sharing.js.map