/**
 * Something that went wrong, as a sentence. status: the HTTP status of the answer, 0 without one.
 */
export class StreamError extends Error {
    final;
    status;
    hint;
    name = 'StreamError';
    /**
     * final: the stream is closed. Otherwise the client tries again. hint: what a developer can do
     * about it, or empty. Users are shown the message.
     */
    constructor(message, final, status = 0, hint = '') {
        super(message);
        this.final = final;
        this.status = status;
        this.hint = hint;
    }
}
//# sourceMappingURL=types.js.map