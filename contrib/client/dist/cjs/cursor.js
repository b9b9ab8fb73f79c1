"use strict";
// SPDX-License-Identifier: PostgreSQL
/** cursor.ts: ids of events. An id `<tick>-<change>` is a place in the one total order. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.isKnown = exports.isCursor = void 0;
exports.compareCursors = compareCursors;
const form = /^(0|[1-9]\d*)-(0|[1-9]\d*)$/;
const isCursor = (text) => form.test(text);
exports.isCursor = isCursor;
// Both are decimals without leading zeros, so the longer one is the larger. Numbers of JavaScript
// are exact only up to 2^53.
function compareDecimals(a, b) {
    return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
/** Below 0 if a comes before b, 0 if they are the same, above 0 if a comes after b. */
function compareCursors(a, b) {
    const [aTick = '', aChange = ''] = a.split('-');
    const [bTick = '', bChange = ''] = b.split('-');
    return compareDecimals(aTick, bTick) || compareDecimals(aChange, bChange);
}
/**
 * True if a client at this cursor already has the event with this id. False if either is no cursor.
 */
const isKnown = (id, cursor) => (0, exports.isCursor)(id) && (0, exports.isCursor)(cursor) && compareCursors(id, cursor) <= 0;
exports.isKnown = isKnown;
//# sourceMappingURL=cursor.js.map