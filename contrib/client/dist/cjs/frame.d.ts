/** frame.ts: calls back once a frame, however often it is asked to. */
export declare class Frame {
    #private;
    constructor(call: () => void);
    ask(): void;
    cancel(): void;
}
