/** @pgherald/client: streams of pgherald in pages and in Node. */
export { connect } from './client.js';
export { StreamError } from './types.js';
export type { Stream, StreamEvent, StreamOptions, StreamState, TokenRequest } from './types.js';
export { unseal, type Keys } from './unseal.js';
