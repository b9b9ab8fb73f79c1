function parse(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return text; // sealed, or of a server that is not pgherald
    }
}
export const memberOf = (data, name) => typeof data === 'object' && data !== null ? data[name] : undefined;
// In the format of messages the name is inside.
function nameOf(event, data) {
    const type = event.event === '' && memberOf(data, 'type');
    return event.event || (typeof type === 'string' ? type : 'message');
}
/** fresh: the connection did not resume. */
export function itemOf(parsed, fresh) {
    const data = parse(parsed.data), id = parsed.own ? parsed.id : '', event = nameOf(parsed, data);
    switch (event) {
        case 'connected':
            return { kind: 'begin', id, fresh };
        case 'reset':
            return { kind: 'reset', id, reason: String(memberOf(data, 'reason')) };
        case 'expiring':
        case 'closing':
            return { name: event, data: Object(data) };
    }
    return { kind: 'event', id, event, data };
}
const stateful = new Set(['snapshot', 'ready']);
const beside = new Set(['connected', 'reset', 'expiring', 'closing']); // said by the other members, or by the next answer's status
/** first: nothing was asked for before in this turn of pages. */
export function* itemsOf(page, { first, fresh }) {
    const state = page.events.some(({ event }) => stateful.has(event));
    if (first)
        yield { kind: 'begin', id: state ? '' : fresh ? page.cursor : '', fresh };
    if (page.reset !== null)
        yield { kind: 'reset', id: state ? '' : page.cursor, reason: page.reset };
    for (const { id = '', event, data } of page.events) {
        if (!beside.has(event))
            yield { kind: 'event', id, event, data };
    }
    yield { kind: 'place', id: page.cursor };
}
