// SPDX-License-Identifier: PostgreSQL
/**
 * key.ts: says whether the options of two renders mean the same stream. That stream then goes on.
 * There is no React in here.
 */
import { identityOf } from './identity.js'
import type { StreamOptions } from './types.js'

/** url: without one there is no stream yet. */
export interface KeyedOptions extends Omit<StreamOptions, 'url'> {
  url: StreamOptions['url'] | null | undefined
}

/**
 * A text that is the same for options of the same stream. Functions may be new at each render, and
 * a token may be a renewed one. Those do not make another stream.
 */
export function keyOf({ url, token, ticket, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback }: KeyedOptions): string {
  const whose = typeof token === 'string' ? identityOf(token) : typeof token
  const tickets = typeof ticket === 'function' ? { function: true } : ticket
  return JSON.stringify([url, whose, tickets, events, keys, share, identity, credentials, renew, lastEventId, staleAfter, backoff, fallback])
}
