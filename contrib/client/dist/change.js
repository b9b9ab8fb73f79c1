// SPDX-License-Identifier: PostgreSQL
/**
 * change.ts: what an event does to rows that are kept by their keys. Default events say it
 * themselves, and so do `left`, `bulk` and the items of a state. Events of rules need a function.
 */
import { memberOf } from './items.js';
import { controls } from './listeners.js';
const isObject = (data) => typeof data === 'object' && data !== null;
// The row that is told. A table may tell its key only beside it, so the key's columns belong to it.
function rowOf(data) {
    const row = memberOf(data, 'row'), key = Object(memberOf(data, 'key'));
    if (!isObject(row))
        return undefined;
    return Object.keys(key).every((name) => name in row) ? row : { ...key, ...row };
}
/** An item of a state is a row, or has it as `row`. */
export function rowIn(item, keyOf) {
    if (keyOf(item) !== undefined)
        return item;
    const row = rowOf(item);
    return keyOf(row) === undefined ? undefined : row;
}
// What is known of the row before the change. Its key is another one if the change was made to that.
const before = (data) => ({ ...rowOf(data), ...Object(memberOf(data, 'key')), ...Object(memberOf(data, 'old')) });
function changeRow(data, op, to, keyOf) {
    if (op === 'truncate')
        return to.clear(), true;
    const was = before(data), known = keyOf(was), row = rowOf(data), after = keyOf(row);
    if (op === 'delete')
        return known === undefined ? to.reload() : to.remove(was), true;
    if (op !== 'insert' && op !== 'update')
        return false;
    if (after === undefined)
        return to.reload(), true;
    if (op === 'update' && known !== undefined && known !== after)
        to.remove(was);
    return to.put(row), true;
}
/** True if the event is about this topic. topic: undefined means any. */
export function isAbout({ event, data }, topic) {
    if (topic === undefined || event === 'snapshot' || event === 'ready')
        return true;
    if (controls.has(event))
        return memberOf(data, 'topic') === topic;
    return !isObject(data) || memberOf(data, 'op') === undefined || event === `${topic}.${memberOf(data, 'op')}`;
}
/** Does what the event says by itself. False if it says nothing that is known here. */
export function applyDefault({ event, data }, to, keyOf) {
    if (event === 'left')
        return memberOf(data, 'key') === null ? to.reload() : to.remove(memberOf(data, 'key')), true;
    if (event === 'bulk')
        return to.reload(), true;
    if (controls.has(event))
        return true;
    if (!isObject(data))
        return false;
    if (memberOf(data, 'truncated') === true && memberOf(data, 'bytes') !== undefined)
        return to.reload(), true; // it was too long to be sent
    return changeRow(data, memberOf(data, 'op'), to, keyOf);
}
//# sourceMappingURL=change.js.map