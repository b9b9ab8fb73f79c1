// SPDX-License-Identifier: PostgreSQL
/** sealed.ts: opens an event that came sealed. It is loaded when there are keys. */
import { memberOf } from './items.js'
import { StreamError, type StreamEvent } from './types.js'
import { unseal, type Keys } from './unseal.js'

export interface Sealed {
  id: string
  event: string
  text: string
  keys: Keys
  parse: ((text: string) => unknown) | undefined
}

/** Resolves to the event as it was before, or to the reason why it cannot be read. */
export async function opened({ id, event, text, keys, parse }: Sealed): Promise<StreamEvent | StreamError> {
  try {
    const data: unknown = await unseal(text, keys, { parse })
    return { id, event: nameOf(event, data), data, sealed: true }
  } catch (error) {
    return new StreamError(`The event ${event} ${id} cannot be read: ${(error as Error).message}`, false)
  }
}

// A sealed stream of plain messages has the event's name inside the sealed data.
function nameOf(event: string, data: unknown): string {
  const type = event === 'message' && memberOf(data, 'type')
  return typeof type === 'string' ? type : event
}
