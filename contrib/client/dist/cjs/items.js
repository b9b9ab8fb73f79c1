"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.memberOf = void 0;
exports.itemOf = itemOf;
function parsed(text, parse) {
    try {
        return parse(text);
    }
    catch {
        return text; // sealed, or from a server that is not pgherald
    }
}
const memberOf = (data, name) => typeof data === 'object' && data !== null ? data[name] : undefined;
exports.memberOf = memberOf;
// In the format `message` the event's name is inside the data.
function nameOf(event, data) {
    const type = event.event === '' && (0, exports.memberOf)(data, 'type');
    return event.event || (typeof type === 'string' ? type : 'message');
}
/** What an event of a stream means. fresh: the connection did not resume. */
function itemOf(from, fresh, parse = JSON.parse) {
    const data = parsed(from.data, parse), id = from.own ? from.id : '', event = nameOf(from, data);
    switch (event) {
        case 'connected':
            return { kind: 'begin', id, fresh };
        case 'reset':
            return { kind: 'reset', id, reason: String((0, exports.memberOf)(data, 'reason')) };
        case 'expiring':
        case 'closing':
            return { name: event, data: Object(data) };
    }
    return { kind: 'event', id, event, data, bytes: from.data.length };
}
//# sourceMappingURL=items.js.map