// SPDX-License-Identifier: PostgreSQL
/** cursor.ts: ids of events, `<tick>-<change>`: places in the one total order. */
const form = /^(0|[1-9]\d*)-(0|[1-9]\d*)$/;
export const isCursor = (text) => form.test(text);
// Decimals without leading zeros: the longer one is the larger one. Numbers of JavaScript would end at 2^53.
function compareDecimals(a, b) {
    return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
/** <0, 0, >0 as a comes before, is, or comes after b. */
export function compareCursors(a, b) {
    const [aTick = '', aChange = ''] = a.split('-');
    const [bTick = '', bChange = ''] = b.split('-');
    return compareDecimals(aTick, bTick) || compareDecimals(aChange, bChange);
}
/** Whether what has this id was delivered to who is at that cursor. What is no cursor cannot be told. */
export const isKnown = (id, cursor) => isCursor(id) && isCursor(cursor) && compareCursors(id, cursor) <= 0;
