// SPDX-License-Identifier: PostgreSQL
/** cursor.ts: ids of events. An id `<tick>-<change>` is a place in the one total order. */
const form = /^(0|[1-9]\d*)-(0|[1-9]\d*)$/;
export const isCursor = (text) => form.test(text);
// Both are decimals without leading zeros, so the longer one is the larger. Numbers of JavaScript
// are exact only up to 2^53.
function compareDecimals(a, b) {
    return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
/** Below 0 if a comes before b, 0 if they are the same, above 0 if a comes after b. */
export function compareCursors(a, b) {
    const [aTick = '', aChange = ''] = a.split('-');
    const [bTick = '', bChange = ''] = b.split('-');
    return compareDecimals(aTick, bTick) || compareDecimals(aChange, bChange);
}
/**
 * True if a client at this cursor already has the event with this id. False if either is no cursor.
 */
export const isKnown = (id, cursor) => isCursor(id) && isCursor(cursor) && compareCursors(id, cursor) <= 0;
//# sourceMappingURL=cursor.js.map