"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.delegating = delegating;
const same_js_1 = require("./same.js");
const calls = ['onEvent', 'onReset', 'onState', 'onError'];
function textOf(token, ask) {
    return typeof token === 'function' ? token(ask) : token;
}
function functionOf(now, then) {
    return typeof now === 'function' ? now : then;
}
// The functions of an object, each of which is looked up again when it is called.
function delegated(members, now) {
    return members && Object.fromEntries(Object.keys(members).map((name) => [name, (...args) => now()?.[name]?.(...args)]));
}
/** Options of a stream that asks for the latest ones whenever it calls or needs a token. */
function delegating(latest) {
    const { token, ticket, headers, onControl, on } = latest.current;
    const options = { ...latest.current, on: delegated(on, () => latest.current.on) };
    for (const name of calls)
        options[name] = (value) => latest.current[name]?.(value);
    if (onControl)
        options['onControl'] = (event) => latest.current.onControl?.(event);
    if (token)
        options['token'] = (ask) => textOf(latest.current.token || token, ask);
    if (typeof ticket === 'function')
        options['ticket'] = same_js_1.functions.standIn((ask) => functionOf(latest.current.ticket, ticket)(ask), ticket);
    if (typeof headers === 'function')
        options['headers'] = same_js_1.functions.standIn((ask) => functionOf(latest.current.headers, headers)(ask), headers);
    return options;
}
//# sourceMappingURL=latest.js.map