// SPDX-License-Identifier: PostgreSQL
/**
 * exact.ts: reads JSON without rounding. JSON.parse makes 9007199254740992 of 9007199254740993. An
 * int8 or numeric that is no number of JavaScript exactly is a text here, as PostgreSQL prints it.
 */
// A string, or a number with what JSON allows in it.
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const digitsSure = 15; // that a double keeps, whatever they are
function isExact(text) {
    if (/^-?\d+$/.test(text))
        return Number.isSafeInteger(Number(text));
    const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
    const digits = mantissa.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
    return digits.length <= digitsSure && Math.abs(Number(exponent)) < 290;
}
/** As JSON.parse, for the option `parse`. Numbers that would be rounded are texts. */
export function exact(json) {
    return JSON.parse(json.replace(tokens, (token) => (token[0] === '"' || isExact(token) ? token : `"${token}"`)));
}
//# sourceMappingURL=exact.js.map