// SPDX-License-Identifier: PostgreSQL
/** grants.ts: asks for tickets, and renews a stream. It is loaded when there is something to ask for. */
import { absolute, type Access } from './access.js'
import { refusalOf } from './refusal.js'
import type { TokenRequest } from './types.js'

/** Shows the server a new token for the open stream with this code. */
export async function renew(access: Access, code: string): Promise<boolean> {
  const { token, renew = '/stream/renew' } = access.options
  if (token ? typeof token !== 'function' : access.credentials === 'omit') return false
  const headers = { ...(await access.headers({ renew: true }, true)), 'Content-Type': 'application/json' }
  return (await access.fetch(absolute(renew, access.url), { method: 'POST', headers, body: JSON.stringify({ stream: code }) })).ok
}

/** A ticket from the address that gives them. */
export async function ticketFrom(access: Access, address: string | URL, ask: TokenRequest): Promise<string> {
  const response = await access.fetch(absolute(address, access.url), { method: 'POST', headers: await access.headers(ask, true) })
  if (!response.ok) throw await refusalOf(response, 'a ticket')
  return ((await response.json()) as { ticket: string }).ticket
}
