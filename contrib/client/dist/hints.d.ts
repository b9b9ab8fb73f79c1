/**
 * hints.ts: what the end of an attempt means, and what a developer can do about it. It is loaded when
 * there is one.
 */
import type { Access } from './access.js';
import { type Ending } from './answer.js';
import { StreamError } from './types.js';
export { endingOfClosing } from './answer.js';
export { noteConnection } from './slots.js';
/** What follows from an error of an attempt, or from an answer that refuses the stream. */
export declare function endingOf(failure: unknown, access: Access): Promise<Ending>;
/** The error with a hint, or a better one. */
export declare function explained(error: StreamError, access: Access): Promise<StreamError>;
