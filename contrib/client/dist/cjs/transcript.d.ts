/** transcript.ts: what a server has sent, written down and played again. It is plain JSON. */
export interface Transcript {
    answers: {
        url: string;
        status: number;
        type: string;
        /** at: ms after the request */
        pieces: {
            at: number;
            text: string;
        }[];
    }[];
}
/** A fetch that writes down all answers. fetch: the one that it calls. */
export declare function record(fetch?: typeof globalThis.fetch): {
    fetch: typeof globalThis.fetch;
    transcript: Transcript;
};
/**
 * A fetch that gives the answers of a transcript in turn. A text is one answer, as `curl -N` shows
 * it. speed: 1 is as it was, and the default is at once. After the last answer the stream stays
 * open, and nothing comes.
 */
export declare function replay(from: Transcript | string, { speed }?: {
    speed?: number;
}): typeof globalThis.fetch;
