/** @pgherald/client: streams of pgherald in pages and in Node. */
export { connect } from './client.js';
export type { AnyEvent, ControlData, ControlEvent, EventOf, Handlers, StreamEvent } from './events.js';
export { rows } from './rows.js';
export type { Changes, Draft, RowKey, Rows, RowsOptions, RowsSnapshot, Selection } from './rows.js';
export { StreamError } from './types.js';
export type { Stream, StreamOptions, StreamState, TokenRequest } from './types.js';
export { unseal, type Keys } from './unseal.js';
