// SPDX-License-Identifier: PostgreSQL
/** sealed.ts: opens an event that came sealed. It is loaded when there are keys. */
import { memberOf } from './items.js'
import { unseal, type Keys } from './unseal.js'

/** Resolves to the name and the data that were inside. */
export async function opened(event: string, text: string, keys: Keys, parse?: (text: string) => unknown): Promise<{ event: string; data: unknown }> {
  const data: unknown = await unseal(text, keys, { parse })
  return { event: nameOf(event, data), data }
}

// A sealed stream of plain messages has the event's name inside the sealed data.
function nameOf(event: string, data: unknown): string {
  const type = event === 'message' && memberOf(data, 'type')
  return typeof type === 'string' ? type : event
}
