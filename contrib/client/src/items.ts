// SPDX-License-Identifier: PostgreSQL
/** items.ts: what the server says, in either form, as items. */
import type { ParsedEvent } from './parser.js'
import type { Item } from './types.js'

/** A control event that concerns the connection and not its user. */
export type Control = { name: 'expiring' | 'closing'; data: Record<string, unknown> }

export interface Page {
  events: { id?: string; event: string; data: unknown }[]
  cursor: string
  reset: string | null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // sealed, or of a server that is not pgherald
  }
}

export const memberOf = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined

// In the format of messages the name is inside.
function nameOf(event: ParsedEvent, data: unknown): string {
  const type = event.event === '' && memberOf(data, 'type')
  return event.event || (typeof type === 'string' ? type : 'message')
}

/** fresh: the connection did not resume. */
export function itemOf(parsed: ParsedEvent, fresh: boolean): Item | Control {
  const data = parse(parsed.data), id = parsed.own ? parsed.id : '', event = nameOf(parsed, data)
  switch (event) {
    case 'connected':
      return { kind: 'begin', id, fresh }
    case 'reset':
      return { kind: 'reset', id, reason: String(memberOf(data, 'reason')) }
    case 'expiring':
    case 'closing':
      return { name: event, data: Object(data) as Record<string, unknown> }
  }
  return { kind: 'event', id, event, data }
}

const stateful = new Set(['snapshot', 'ready'])
const beside = new Set(['connected', 'reset', 'expiring', 'closing']) // said by the other members, or by the next answer's status

/** first: nothing was asked for before in this turn of pages. */
export function* itemsOf(page: Page, { first, fresh }: { first: boolean; fresh: boolean }): Generator<Item> {
  const state = page.events.some(({ event }) => stateful.has(event))
  if (first) yield { kind: 'begin', id: state ? '' : fresh ? page.cursor : '', fresh }
  if (page.reset !== null) yield { kind: 'reset', id: state ? '' : page.cursor, reason: page.reset }
  for (const { id = '', event, data } of page.events) {
    if (!beside.has(event)) yield { kind: 'event', id, event, data }
  }
  yield { kind: 'place', id: page.cursor }
}
