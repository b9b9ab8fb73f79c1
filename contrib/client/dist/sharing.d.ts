/**
 * sharing.ts: says with whom a stream shares a connection. It is loaded when a page opens a stream,
 * and not before.
 */
import type { Access } from './access.js';
import { type Medium } from './medium.js';
export { Tabs } from './tabs.js';
export interface Meeting {
    name: string;
    medium: Medium;
}
/**
 * All tabs of the browser, if it is known whose stream it is. Otherwise the components of this page
 * that have the same url and the same functions. Rejects if there is no token.
 */
export declare function meetingOf(access: Access): Promise<Meeting>;
