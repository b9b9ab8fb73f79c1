// SPDX-License-Identifier: PostgreSQL
/**
 * testing.ts: a server of streams for tests of applications. It is a function in the place of
 * `fetch`, so there is no network. Give connect(), rows() or a hook `fetch: server.fetch`.
 */
import { compareCursors, isCursor } from './cursor.js';
export { record, replay } from './transcript.js';
const utf8 = new TextEncoder();
const eventText = (name, data, id) => `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const json = (status, body, headers) => new Response(JSON.stringify(body), { status, headers });
export class ScriptedServer {
    /** all requests so far */
    requests = [];
    #options;
    #open = new Set();
    #log = [];
    #tick = 1;
    #change = 0;
    #lost = ''; // a client that resumes from before this id is told `reset`
    #refusals = [];
    constructor(options = {}) {
        this.#options = options;
    }
    /** In place of the global fetch. */
    fetch = async (input, init = {}) => {
        const request = { url: new URL(String(input)), method: init.method ?? 'GET', headers: Object.fromEntries(new Headers(init.headers)) };
        this.requests.push(request);
        init.signal?.throwIfAborted();
        const refusal = this.#refusals.shift()?.();
        if (refusal instanceof Error)
            throw refusal;
        return refusal ?? this.#options.answer?.(request) ?? (request.method === 'POST' ? posted(request) : this.#stream(request, init.signal));
    };
    /** How many streams are open. */
    get open() {
        return this.#open.size;
    }
    /** Commits an event: it goes to all open streams, and to those that resume. Returns its id. */
    event(name, data) {
        const id = `${this.#tick}-${++this.#change}`;
        this.#log.push({ id, text: eventText(name, data, id) });
        this.raw(this.#log.at(-1).text);
        return id;
    }
    /** Writes these bytes into all open streams, as they are. */
    raw(text) {
        for (const stream of this.#open)
            stream.enqueue(utf8.encode(text));
    }
    /** The server ends all streams, with this reason. */
    closing(reason) {
        this.raw(eventText('closing', { reason }));
        this.cut();
    }
    /** All connections are lost. */
    cut() {
        for (const stream of this.#open)
            stream.error(new TypeError('the connection was lost'));
        this.#open.clear();
    }
    /** Forgets what was told so far. Who resumes from before is told `reset`. */
    forget() {
        this.#lost = `${++this.#tick}-0`;
        this.#log = [];
        this.#change = 0;
    }
    /** Refuses the next request. Without a status it cannot be reached. */
    refuse(status, message = 'no', headers) {
        this.#refusals.push(() => (status === undefined ? new TypeError('fetch failed') : json(status, { success: false, errors: [message] }, headers)));
    }
    #stream({ headers }, signal) {
        const body = new ReadableStream({
            start: (stream) => {
                stream.enqueue(utf8.encode(this.#beginning(headers['last-event-id'] ?? '')));
                this.#open.add(stream);
                signal?.addEventListener('abort', () => this.#open.delete(stream) && stream.error(signal.reason));
            },
        });
        return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
    }
    #beginning(after) {
        const head = `${this.#tick}-${this.#change}`;
        const connected = (id) => `retry: 1\n${eventText('connected', { message: 'SSE connected' }, id)}`;
        if (after === '')
            return this.#options.state ? connected() + this.#state(head) : connected(head);
        if (isCursor(after) && compareCursors(after, this.#lost || '0-0') >= 0)
            return connected(after) + this.#behind(after);
        const reset = (id) => connected() + eventText('reset', { reason: 'expired' }, id);
        return this.#options.state ? reset('') + this.#state(head) : reset(head);
    }
    #behind(after) {
        return this.#log.filter(({ id }) => compareCursors(id, after) > 0).map(({ text }) => text).join('');
    }
    #state(head) {
        const items = this.#options.state();
        return items.map((item) => eventText('snapshot', item)).join('') + eventText('ready', { items: items.length }, head);
    }
}
function posted({ url }) {
    return url.pathname.endsWith('/ticket') ? json(201, { ticket: 'ticket', expires_in: 30 }) : json(200, { expires_in: 3600 });
}
/** A server of streams that does what the test says. */
export function scripted(options) {
    return new ScriptedServer(options);
}
//# sourceMappingURL=testing.js.map