// SPDX-License-Identifier: PostgreSQL
/** sealed.ts: opens an event that came sealed. It is loaded when there are keys. */
import { memberOf } from './items.js';
import { StreamError } from './types.js';
import { unseal } from './unseal.js';
/** Resolves to the event as it was before, or to the reason why it cannot be read. */
export async function opened({ id, event, text, keys, parse }) {
    try {
        const data = await unseal(text, keys, { parse });
        return { id, event: nameOf(event, data), data, sealed: true };
    }
    catch (error) {
        return new StreamError(`The event ${event} ${id} cannot be read: ${error.message}`, false);
    }
}
// A sealed stream of plain messages has the event's name inside the sealed data.
function nameOf(event, data) {
    const type = event === 'message' && memberOf(data, 'type');
    return typeof type === 'string' ? type : event;
}
//# sourceMappingURL=sealed.js.map