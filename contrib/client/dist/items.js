function parsed(text, parse) {
    try {
        return parse(text);
    }
    catch {
        return text; // sealed, or from a server that is not pgherald
    }
}
export const memberOf = (data, name) => typeof data === 'object' && data !== null ? data[name] : undefined;
// In the format `message` the event's name is inside the data.
function nameOf(event, data) {
    const type = event.event === '' && memberOf(data, 'type');
    return event.event || (typeof type === 'string' ? type : 'message');
}
/** What an event of a stream means. fresh: the connection did not resume. */
export function itemOf(from, fresh, parse = JSON.parse) {
    const data = parsed(from.data, parse), id = from.own ? from.id : '', event = nameOf(from, data);
    switch (event) {
        case 'connected':
            return { kind: 'begin', id, fresh };
        case 'reset':
            return { kind: 'reset', id, reason: String(memberOf(data, 'reason')) };
        case 'expiring':
        case 'closing':
            return { name: event, data: Object(data) };
    }
    return { kind: 'event', id, event, data, bytes: from.data.length };
}
const stateful = new Set(['snapshot', 'ready']);
const beside = new Set(['connected', 'reset', 'expiring', 'closing']); // the page's other members say these, or the status of the next answer does
/**
 * The items of a page. first: it is the first page of this attempt. fresh: it did not resume. bytes:
 * its length.
 */
export function* itemsOf(page, { first, fresh, bytes = 0 }) {
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
