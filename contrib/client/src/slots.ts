// SPDX-License-Identifier: PostgreSQL
/**
 * slots.ts: counts the connections that the tabs of a browser have to one server. Over HTTP/1.1 a
 * browser opens six, and lets all else wait without a word.
 */
import { StreamError } from './types.js'

const most = 6
const crowdedMs = 3000 // without an answer
const nameOf = (origin: string): string => `pgherald connection ${origin} `

/**
 * Notes a connection until the signal ends it. crowded: called if it has no answer after a while,
 * and others have all that there are.
 */
export function noteConnection(origin: string, signal: AbortSignal, crowded: (error: StreamError) => void): void {
  const { locks } = globalThis.navigator ?? {}
  if (!locks || signal.aborted) return
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  locks.request(nameOf(origin) + Math.random(), () => ended).catch(() => {}) // a frame in a sandbox has none
  const timer = setTimeout(async () => {
    const { held = [] } = await locks.query().catch(() => ({ held: [] }))
    const others = held.filter(({ name }) => name!.startsWith(nameOf(origin))).length - 1
    if (others >= most && !signal.aborted) crowded(crowdedError)
  }, crowdedMs)
  void ended.then(() => clearTimeout(timer))
}

const crowdedError = new StreamError('The server does not answer, and tabs of this browser have six streams open to it. Over HTTP/1.1 a browser makes no more than six connections: close some', false, 0,
  'Put several streams into one connection with `paths`, or put a proxy with HTTP/2 in front')
