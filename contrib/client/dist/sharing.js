import { nameOf } from './identity.js';
import { canShare, tabsOfBrowser, thisPage } from './medium.js';
import { functions } from './same.js';
import { Tabs } from './tabs.js';
/**
 * Resolves to a function that joins those who share a connection. They are all tabs of the browser,
 * if it is known whose stream it is. Otherwise they are the components of this page that have the
 * same url and the same functions. Rejects if there is no token.
 */
export async function meeting(access, feed, source, { staleAfter, ...sharer }) {
    const identity = await access.identity();
    const name = identity !== undefined && (await canShare()) ? await nameOf(access.url.href, identity) : undefined;
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
    return () => (name ? new Tabs(name, staleAfter, host, tabsOfBrowser) : new Tabs(pageName(access, identity), staleAfter, host, thisPage));
}
// The same text for streams of this page that may share a connection.
function pageName({ url, credentials, options }, identity) {
    const { token, ticket, headers, fetch } = options;
    return JSON.stringify([url, credentials, identity ?? [token, ticket, headers, fetch].map((value) => functions.idOf(value))]);
}
//# sourceMappingURL=sharing.js.map