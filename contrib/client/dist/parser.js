// SPDX-License-Identifier: PostgreSQL
/**
 * parser.ts: parses text/event-stream as WHATWG HTML 9.2.6 says. It takes bytes that are cut
 * anywhere, and calls back with events.
 */
export class Parser {
    #calls;
    #decoder = new TextDecoder(); // takes one byte order mark away
    #rest = '';
    #afterCr = false;
    #id = '';
    #own = false;
    #event = '';
    #data = [];
    constructor(calls) {
        this.#calls = calls;
    }
    push(bytes) {
        const text = this.#decoder.decode(bytes, { stream: true });
        if (text === '')
            return;
        const ends = /[\r\n]/g;
        let from = this.#afterCr && text[0] === '\n' ? 1 : 0;
        this.#afterCr = false;
        ends.lastIndex = from;
        for (let end; (end = ends.exec(text)) !== null; ends.lastIndex = from) {
            const line = this.#rest + text.slice(from, end.index);
            this.#rest = '';
            from = end.index + 1;
            if (end[0] === '\r') {
                if (from === text.length)
                    this.#afterCr = true;
                else if (text[from] === '\n')
                    from++;
            }
            this.#line(line);
        }
        this.#rest += text.slice(from);
    }
    #line(line) {
        if (line === '')
            return this.#dispatch();
        const colon = line.indexOf(':');
        if (colon === 0)
            return this.#calls.onComment?.(line.slice(1));
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
        this.#field(name, value);
    }
    #field(name, value) {
        if (name === 'data')
            this.#data.push(value);
        else if (name === 'event')
            this.#event = value;
        else if (name === 'id' && !value.includes('\0'))
            [this.#id, this.#own] = [value, true];
        else if (name === 'retry' && /^[0-9]+$/.test(value))
            this.#calls.onRetry?.(Number(value));
    }
    #dispatch() {
        const event = { id: this.#id, own: this.#own, event: this.#event, data: this.#data.join('\n') };
        const some = this.#data.length > 0;
        this.#data = [];
        this.#event = '';
        this.#own = false;
        if (some)
            this.#calls.onEvent(event);
    }
}
//# sourceMappingURL=parser.js.map