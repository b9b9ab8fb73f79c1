// SPDX-License-Identifier: PostgreSQL
/**
 * events.ts: the types of events. `pgherald types` prints what a program's streams tell, as an
 * interface `Streams`. Without it names are texts, and data is any.
 */
export {};
//# sourceMappingURL=events.js.map