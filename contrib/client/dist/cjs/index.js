"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.unseal = exports.StreamError = exports.rows = exports.connect = void 0;
// SPDX-License-Identifier: PostgreSQL
/** @pgherald/client: streams of pgherald in pages and in Node. */
var client_js_1 = require("./client.js");
Object.defineProperty(exports, "connect", { enumerable: true, get: function () { return client_js_1.connect; } });
var rows_js_1 = require("./rows.js");
Object.defineProperty(exports, "rows", { enumerable: true, get: function () { return rows_js_1.rows; } });
var types_js_1 = require("./types.js");
Object.defineProperty(exports, "StreamError", { enumerable: true, get: function () { return types_js_1.StreamError; } });
var unseal_js_1 = require("./unseal.js");
Object.defineProperty(exports, "unseal", { enumerable: true, get: function () { return unseal_js_1.unseal; } });
//# sourceMappingURL=index.js.map