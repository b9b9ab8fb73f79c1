/**
 * exact.ts: reads JSON without rounding. JSON.parse makes 9007199254740992 of 9007199254740993. An
 * int8 or numeric that is no number of JavaScript exactly is a text here, as PostgreSQL prints it.
 */
/** As JSON.parse, for the option `parse`. Numbers that would be rounded are texts. */
export declare function exact(json: string): unknown;
