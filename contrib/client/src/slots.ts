// SPDX-License-Identifier: PostgreSQL
/**
 * slots.ts: counts the connections that the tabs of a browser have to one server. Over HTTP/1.1 a
 * browser opens six, and lets all else wait without a word.
 */
const most = 6
const nameOf = (origin: string): string => `pgherald connection ${origin} `

/** Notes a connection until the signal ends it. */
export function noteConnection(origin: string, signal: AbortSignal): void {
  const held = (): Promise<void> | undefined => (signal.aborted ? undefined : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })))
  globalThis.navigator?.locks?.request(nameOf(origin) + Math.random(), held).catch(() => {}) // a frame in a sandbox has none
}

/** Resolves to true if the connections beside this one are as many as a browser opens. */
export async function areAllTaken(origin: string): Promise<boolean> {
  const { held = [] } = (await globalThis.navigator?.locks?.query()) ?? {}
  return held.filter(({ name }) => name!.startsWith(nameOf(origin))).length > most
}
