"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rows = rows;
const store_js_1 = require("./store.js");
function rows(options) {
    return new store_js_1.Store(options);
}
//# sourceMappingURL=rows.js.map