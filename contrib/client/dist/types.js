/** Something that went wrong, as a sentence. status: what the server answered. */
export class StreamError extends Error {
    final;
    status;
    name = 'StreamError';
    /** final: the stream is closed. Otherwise it is being tried again. */
    constructor(message, final, status = 0) {
        super(message);
        this.final = final;
        this.status = status;
    }
}
