/**
 * Something that went wrong, as a sentence. status: the HTTP status of the answer, 0 without one.
 */
export class StreamError extends Error {
    final;
    status;
    name = 'StreamError';
    /** final: the stream is closed. Otherwise the client tries again. */
    constructor(message, final, status = 0) {
        super(message);
        this.final = final;
        this.status = status;
    }
}
