"use strict";
// SPDX-License-Identifier: PostgreSQL
/**
 * events.ts: the types of events. `pgherald types` prints what a program's streams tell, as an
 * interface `Streams`. Without it names are texts, and data is any.
 */
Object.defineProperty(exports, "__esModule", { value: true });
//# sourceMappingURL=events.js.map