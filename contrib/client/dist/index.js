// SPDX-License-Identifier: PostgreSQL
/** @pgherald/client: streams of pgherald in pages and in Node. */
export { connect } from './client.js';
export { rows } from './rows.js';
export { StreamError } from './types.js';
export { unseal } from './unseal.js';
//# sourceMappingURL=index.js.map