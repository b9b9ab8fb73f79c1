/** hints.ts: what a developer can do about an error. It is loaded when there is one. */
import type { Access } from './access.js';
import { StreamError } from './types.js';
/** The error with a hint, or a better one. */
export declare function explained(error: StreamError, access: Access): Promise<StreamError>;
