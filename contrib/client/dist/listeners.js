export const controls = new Set(['left', 'bulk', 'schema', 'snapshot', 'ready']);
export class Listeners {
    #options;
    #handlers = new Map();
    #call;
    #loops = new Set();
    /** call: runs a callback of the application. */
    constructor(options, call) {
        this.#options = options;
        this.#call = call;
        for (const [name, handler] of Object.entries(options.on ?? {}))
            if (handler)
                this.on(name, handler);
    }
    /** Tells each event of this name. The function that it returns ends that. */
    on(name, handler) {
        const entry = (data, event) => handler(data, event);
        const handlers = this.#handlers.get(name) ?? new Set();
        this.#handlers.set(name, handlers.add(entry));
        return () => void handlers.delete(entry);
    }
    tell(event) {
        const { onControl, onEvent } = this.#options;
        const all = onControl && controls.has(event.event) ? onControl : onEvent;
        if (all)
            this.#call(() => all(event));
        for (const handler of this.#handlers.get(event.event) ?? [])
            this.#call(() => handler(event.data, event));
        for (const loop of this.#loops)
            loop.push(event);
    }
    reset(reason) {
        this.#call(() => this.#options.onReset?.(reason));
        for (const loop of this.#loops)
            loop.push({ id: '', event: 'reset', data: { reason } });
    }
    /** Ends the loops, with an error if there is one. */
    end(error) {
        for (const loop of this.#loops)
            loop.end(error);
        this.#loops.clear();
    }
    /** left: called when a loop is left. */
    loop(left) {
        const loop = new Loop(() => (this.#loops.delete(loop), left()));
        this.#loops.add(loop);
        return loop;
    }
}
/** Keeps events until the loop asks for them. */
class Loop {
    #left;
    #events = [];
    #asked = [];
    #over;
    constructor(left) {
        this.#left = left;
    }
    [Symbol.asyncIterator]() {
        return this;
    }
    next() {
        const event = this.#events.shift();
        if (event)
            return Promise.resolve({ value: event, done: false });
        const over = this.#over;
        if (!over)
            return new Promise((resolve, reject) => void this.#asked.push({ resolve, reject }));
        this.#over = { error: undefined }; // an error is thrown once
        return over.error ? Promise.reject(over.error) : Promise.resolve({ value: undefined, done: true });
    }
    return() {
        this.end();
        this.#left();
        return Promise.resolve({ value: undefined, done: true });
    }
    push(event) {
        const asked = this.#asked.shift();
        if (asked)
            asked.resolve({ value: event, done: false });
        else
            this.#events.push(event);
    }
    end(error) {
        this.#over ??= { error };
        for (const { resolve, reject } of this.#asked.splice(0)) {
            if (this.#over.error)
                reject(this.#over.error);
            else
                resolve({ value: undefined, done: true });
            this.#over = { error: undefined };
        }
    }
}
