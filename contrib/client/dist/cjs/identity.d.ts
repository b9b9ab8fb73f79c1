/**
 * identity.ts: says whose token it is. The identity decides which tabs may share a connection. It
 * is never sent or stored.
 */
/**
 * All that a token says of rights, as one text. Two tokens with different texts might see different
 * events. A token that cannot be read is its own identity.
 */
export declare function identityOf(token: string): string;
/** The token's subject. Undefined if the token has none, or cannot be read. */
export declare function subjectOf(token: string): unknown;
/** A name for this url and identity that reveals neither. Undefined if there is no Web Crypto. */
export declare function nameOf(url: string, identity: string): Promise<string | undefined>;
