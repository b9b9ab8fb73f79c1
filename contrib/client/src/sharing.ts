// SPDX-License-Identifier: PostgreSQL
/**
 * sharing.ts: says with whom a stream shares a connection. It is loaded when a page opens a stream,
 * and not before.
 */
import type { Access } from './access.js'
import { nameOf } from './identity.js'
import { canShare, tabsOfBrowser, thisPage, type Medium } from './medium.js'

export { Tabs } from './tabs.js'

export interface Meeting {
  name: string
  medium: Medium
}

/**
 * All tabs of the browser, if it is known whose stream it is. Otherwise the components of this page
 * that have the same url and the same functions. Rejects if there is no token.
 */
export async function meetingOf(access: Access): Promise<Meeting> {
  const identity = await access.identity()
  const name = identity !== undefined && (await canShare()) ? await nameOf(access.url.href, identity) : undefined
  return name ? { name, medium: tabsOfBrowser } : { name: access.pageName(identity), medium: thisPage }
}
