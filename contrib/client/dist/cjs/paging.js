"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.itemsOf = itemsOf;
exports.readPages = readPages;
// SPDX-License-Identifier: PostgreSQL
/** paging.ts: reads a page of events. It is loaded where a proxy holds streams back. */
const breath_js_1 = require("./breath.js");
const stateful = new Set(['snapshot', 'ready']);
const beside = new Set(['connected', 'reset', 'expiring', 'closing']); // the page's other members say these, or the status of the next answer does
/**
 * The items of a page. first: it is the first page of this attempt. fresh: it did not resume. bytes:
 * its length.
 */
function* itemsOf(page, { first, fresh, bytes = 0 }) {
    const state = page.events.some(({ event }) => stateful.has(event));
    if (first)
        yield { kind: 'begin', id: state ? '' : fresh ? page.cursor : '', fresh };
    if (page.reset !== null)
        yield { kind: 'reset', id: state ? '' : page.cursor, reason: page.reset };
    for (const { id = '', event, data } of page.events) {
        if (!beside.has(event))
            yield { kind: 'event', id, event, data, bytes: bytes / page.events.length };
    }
    yield { kind: 'place', id: page.cursor };
}
const waitSeconds = 25;
/** Reads page after page, until it is time to try a stream again. Items are taken in pieces. */
async function readPages({ first: probe, signal, parse, resumeFrom, take, ask, came }) {
    const breath = new breath_js_1.Breath();
    for (let first = true, over = false; !over; first = false) {
        const fresh = resumeFrom() === '', response = await ask(first && probe ? 0 : waitSeconds);
        const text = await response.text(), until = came();
        for (const item of itemsOf(parse(text), { first, fresh, bytes: text.length })) {
            if (signal.aborted)
                throw signal.reason;
            take(item);
            await breath.take();
        }
        over = Date.now() >= until;
    }
}
//# sourceMappingURL=paging.js.map