// SPDX-License-Identifier: PostgreSQL
/**
 * sharing.ts: says with whom a stream shares a connection. It is loaded when a page opens a stream,
 * and not before.
 */
import type { Access } from './access.js'
import type { Feed } from './feed.js'
import { nameOf } from './identity.js'
import { canShare, tabsOfBrowser, thisPage } from './medium.js'
import type { TabsHost } from './messages.js'
import { functions } from './same.js'
import type { Source } from './source.js'
import { Tabs } from './tabs.js'
import type { StreamError, StreamState } from './types.js'

export interface Sharer {
  staleAfter: number
  state(state: StreamState): void
  error(error: StreamError): void
}

/**
 * Resolves to a function that joins those who share a connection. They are all tabs of the browser,
 * if it is known whose stream it is. Otherwise they are the components of this page that have the
 * same url and the same functions. Rejects if there is no token.
 */
export async function meeting(access: Access, feed: Feed, source: Source, { staleAfter, ...sharer }: Sharer): Promise<() => Tabs> {
  const identity = await access.identity()
  const name = identity !== undefined && (await canShare()) ? await nameOf(access.url.href, identity) : undefined
  const host: TabsHost = {
    ...sharer,
    resumeFrom: () => feed.resumeFrom(),
    received: () => feed.received,
    take: (item) => feed.take(item),
    connect: () => source.start(),
    disconnect: () => source.stop(),
    reconnect: () => source.restart(),
  }
  access.log(`shares as ${name ?? 'a component of this page'}`)
  return () => (name ? new Tabs(name, staleAfter, host, tabsOfBrowser) : new Tabs(pageName(access, identity), staleAfter, host, thisPage))
}

// The same text for streams of this page that may share a connection.
function pageName({ url, credentials, options }: Access, identity: string | undefined): string {
  const { token, ticket, headers, fetch } = options
  return JSON.stringify([url, credentials, identity ?? [token, ticket, headers, fetch].map((value) => functions.idOf(value))])
}
