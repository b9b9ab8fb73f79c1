/** grants.ts: asks for tickets, and renews a stream. It is loaded when there is something to ask for. */
import { type Access } from './access.js';
import type { TokenRequest } from './types.js';
/** Shows the server a new token for the open stream with this code. */
export declare function renew(access: Access, code: string): Promise<boolean>;
/** A ticket from the address that gives them. */
export declare function ticketFrom(access: Access, address: string | URL, ask: TokenRequest): Promise<string>;
