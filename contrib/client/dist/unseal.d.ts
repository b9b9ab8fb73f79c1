/**
 * unseal.ts: reads the data of sealed streams (Fe26.2, as @hapi/iron makes it with its defaults) with nothing but Web Crypto.
 * Runs in browsers (pages of https or localhost) and in Node.
 */
/** A password, or several by their ids. */
export type Keys = string | Record<string, string>;
/**
 * The value that was sealed. keys: a password, or an object { id: password } where there are several; a text without an id is of
 * the one that is called `default`. Rejects with an Error that says why, and never decrypts what was changed on its way.
 */
export declare function unseal(sealed: string, keys: Keys, { now }?: {
    now?: number;
}): Promise<any>;
