"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.opened = opened;
// SPDX-License-Identifier: PostgreSQL
/** sealed.ts: opens an event that came sealed. It is loaded when there are keys. */
const items_js_1 = require("./items.js");
const types_js_1 = require("./types.js");
const unseal_js_1 = require("./unseal.js");
/** Resolves to the event as it was before, or to the reason why it cannot be read. */
async function opened({ id, event, text, keys, parse }) {
    try {
        const data = await (0, unseal_js_1.unseal)(text, keys, { parse });
        return { id, event: nameOf(event, data), data, sealed: true };
    }
    catch (error) {
        return new types_js_1.StreamError(`The event ${event} ${id} cannot be read: ${error.message}`, false);
    }
}
// A sealed stream of plain messages has the event's name inside the sealed data.
function nameOf(event, data) {
    const type = event === 'message' && (0, items_js_1.memberOf)(data, 'type');
    return typeof type === 'string' ? type : event;
}
//# sourceMappingURL=sealed.js.map