/**
 * unseal.ts: reads the data of sealed streams with nothing but Web Crypto. The data is Fe26.2, as
 * made by @hapi/iron with its defaults. The module runs in Node, and in pages of https or localhost.
 */
/** One password, or several by their ids. */
export type Keys = string | Record<string, string>;
/**
 * Resolves to the value that was sealed. keys: a password, or an object { id: password } if there
 * are several. Without an id in the text, the password with the id `default` is taken. now: ms
 * since 1970. parse: in place of JSON.parse. Rejects with an Error that says why. A text that was changed on its way is never
 * decrypted.
 */
export declare function unseal(sealed: string, keys: Keys, { now, parse }?: {
    now?: number;
    parse?: (text: string) => unknown;
}): Promise<any>;
