/** identity.ts: whose token it is. It decides which tabs may share a connection, and is never sent or stored. */
/** Everything that a token says of rights: another text means that another one might see other events. */
export declare function identityOf(token: string): string;
/** The subject; undefined where the token does not say. */
export declare function subjectOf(token: string): unknown;
/** A name for this url and identity that tells nothing of them. Undefined where there is no Web Crypto. */
export declare function nameOf(url: string, identity: string): Promise<string | undefined>;
