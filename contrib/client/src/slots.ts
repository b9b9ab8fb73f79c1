// SPDX-License-Identifier: PostgreSQL
/**
 * slots.ts: counts the connections that the tabs of a browser have to one server. Over HTTP/1.1 a
 * browser opens six, and lets all else wait without a word.
 */
export const slotName = (origin: string): string => `pgherald connection ${origin} `

/** Notes a connection until the signal ends it. */
export function noteConnection(origin: string, signal: AbortSignal): void {
  const held = (): Promise<void> | undefined => (signal.aborted ? undefined : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })))
  globalThis.navigator?.locks?.request(slotName(origin) + Math.random(), held).catch(() => {}) // a frame in a sandbox has none
}
