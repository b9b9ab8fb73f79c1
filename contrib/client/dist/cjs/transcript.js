"use strict";
// SPDX-License-Identifier: PostgreSQL
/** transcript.ts: what a server has sent, written down and played again. It is plain JSON. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.record = record;
exports.replay = replay;
/** A fetch that writes down all answers. fetch: the one that it calls. */
function record(fetch = globalThis.fetch) {
    const transcript = { answers: [] };
    const recording = async (input, init) => {
        const begun = performance.now(), response = await fetch(input, init);
        const pieces = [];
        transcript.answers.push({ url: String(input), status: response.status, type: response.headers.get('Content-Type') ?? '', pieces });
        const decoder = new TextDecoder();
        const note = new TransformStream({
            transform(bytes, to) {
                pieces.push({ at: Math.round(performance.now() - begun), text: decoder.decode(bytes, { stream: true }) });
                to.enqueue(bytes);
            },
        });
        const { status, statusText, headers } = response;
        return new Response(response.body?.pipeThrough(note), { status, statusText, headers });
    };
    return { fetch: recording, transcript };
}
/**
 * A fetch that gives the answers of a transcript in turn. A text is one answer, as `curl -N` shows
 * it. speed: 1 is as it was, and the default is at once. After the last answer the stream stays
 * open, and nothing comes.
 */
function replay(from, { speed = Infinity } = {}) {
    const answers = typeof from === 'string' ? [{ status: 200, type: 'text/event-stream', pieces: [{ at: 0, text: from }] }] : [...from.answers];
    return async (_, init) => {
        const answer = answers.shift() ?? { status: 200, type: 'text/event-stream', pieces: [] };
        const ends = answers.length > 0 || !answer.type.startsWith('text/event-stream');
        return new Response(bodyOf(answer.pieces, speed, ends, init?.signal), { status: answer.status, headers: { 'Content-Type': answer.type } });
    };
}
function bodyOf(pieces, speed, ends, signal) {
    const encoder = new TextEncoder();
    return new ReadableStream({
        async start(stream) {
            signal?.addEventListener('abort', () => stream.error(signal.reason));
            let now = 0;
            for (const { at, text } of pieces) {
                if (speed !== Infinity)
                    await new Promise((resolve) => setTimeout(resolve, (at - now) / speed));
                now = at;
                if (signal?.aborted)
                    return;
                stream.enqueue(encoder.encode(text));
            }
            if (ends)
                stream.close();
        },
    });
}
//# sourceMappingURL=transcript.js.map