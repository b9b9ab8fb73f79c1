"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Listeners = exports.controls = void 0;
exports.controls = new Set(['left', 'bulk', 'schema', 'snapshot', 'ready']);
function push(loop, event) {
    loop.events.push(event);
    loop.wake();
}
class Listeners {
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
        const all = onControl && exports.controls.has(event.event) ? onControl : onEvent;
        if (all)
            this.#call(() => all(event));
        for (const handler of this.#handlers.get(event.event) ?? [])
            this.#call(() => handler(event.data, event));
        for (const loop of this.#loops)
            push(loop, event);
    }
    reset(reason) {
        this.#call(() => this.#options.onReset?.(reason));
        for (const loop of this.#loops)
            push(loop, { id: '', event: 'reset', data: { reason } });
    }
    /** Ends the loops, with an error if there is one. */
    end(error) {
        for (const loop of this.#loops) {
            Object.assign(loop, { error, over: true });
            loop.wake();
        }
    }
    /** Yields what comes. left: called when the loop is left. */
    async *loop(left) {
        const loop = { events: [], over: false, wake: () => { } };
        this.#loops.add(loop);
        try {
            for (;;) {
                const event = loop.events.shift();
                if (event)
                    yield event;
                else if (loop.error)
                    throw loop.error;
                else if (loop.over)
                    return;
                else
                    await new Promise((resolve) => (loop.wake = resolve));
            }
        }
        finally {
            this.#loops.delete(loop);
            left();
        }
    }
}
exports.Listeners = Listeners;
//# sourceMappingURL=listeners.js.map