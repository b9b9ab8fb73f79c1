// SPDX-License-Identifier: PostgreSQL
/** given.ts: the store that an application has given to an adapter, or one of its options. */
import type { AnyEvent, StreamEvent } from './events.js'
import type { KeyedOptions } from './key.js'
import type { Rows, RowsOptions, RowsSnapshot } from './rows.js'
import { Store } from './store.js'

/** url: without one there are no rows yet. */
export interface GivenOptions<Row extends object, E extends AnyEvent = StreamEvent> extends Omit<RowsOptions<Row, E>, 'url'> {
  url: KeyedOptions['url']
}

/** Options, or a store that rows() has made. */
export type Given<Row extends object, E extends AnyEvent = StreamEvent> = GivenOptions<Row, E> | Rows<Row>

export const isStore = <Row extends object>(given: Given<Row>): given is Rows<Row> => 'getSnapshot' in given

/** The store that is given, or a new one. */
export function storeOf<Row extends object>(given: Given<Row>): Rows<Row> {
  if (isStore(given)) return given
  return given.url ? new Store(given as RowsOptions<Row>) : noRows
}

const nothing: RowsSnapshot<any> = { rows: [], status: 'loading', state: 'closed', error: null }

/** What is shown without a url. */
export const noRows: Rows<any> = {
  subscribe: () => () => {},
  getSnapshot: () => nothing,
  get: () => undefined,
  select: (select) => ({ subscribe: () => () => {}, getSnapshot: () => select(nothing) }),
  optimistic: async (_, act) => act(),
  view: () => {},
  reload: () => {},
  reconnect: () => {},
  close: () => {},
}
