// SPDX-License-Identifier: PostgreSQL
/** items.ts: makes items of what the server says in an event of a stream. */
import type { ParsedEvent } from './parser.js'
import type { Item } from './types.js'

/** A control event that concerns the connection and not the application. */
export type Control = { name: 'expiring' | 'closing'; data: Record<string, unknown> }

function parsed(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text)
  } catch {
    return text // sealed, or from a server that is not pgherald
  }
}

export const memberOf = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined

// In the format `message` the event's name is inside the data.
function nameOf(event: ParsedEvent, data: unknown): string {
  const type = event.event === '' && memberOf(data, 'type')
  return event.event || (typeof type === 'string' ? type : 'message')
}

/** What an event of a stream means. fresh: the connection did not resume. */
export function itemOf(from: ParsedEvent, fresh: boolean, parse: (text: string) => unknown = JSON.parse): Item | Control {
  const data = parsed(from.data, parse), id = from.own ? from.id : '', event = nameOf(from, data)
  switch (event) {
    case 'connected':
      return { kind: 'begin', id, fresh }
    case 'reset':
      return { kind: 'reset', id, reason: String(memberOf(data, 'reason')) }
    case 'expiring':
    case 'closing':
      return { name: event, data: Object(data) as Record<string, unknown> }
  }
  return { kind: 'event', id, event, data, bytes: from.data.length }
}
