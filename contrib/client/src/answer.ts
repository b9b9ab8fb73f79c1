// SPDX-License-Identifier: PostgreSQL
/**
 * answer.ts: says what the end of an attempt means for the next one. An attempt ends with an answer
 * of the server, a `closing` event or a lost connection.
 */
import { StreamError } from './types.js'

/**
 * How an attempt has ended, and what follows.
 * - now: the next attempt begins at once.
 * - soon: it begins after a short random wait, so that clients do not all come at once.
 * - mute: no byte came in time, so a proxy may hold the stream back. It begins at once.
 * - later: it begins after a wait with backoff. `floor` is added to the wait, in ms.
 * - refused: the token or ticket was refused. One attempt with a new one follows.
 * - never: no attempt follows, and the stream is closed.
 */
export type Ending =
  | { then: 'now' | 'soon' | 'mute' }
  | { then: 'later'; error: StreamError; floor?: number }
  | { then: 'refused' | 'never'; error: StreamError }

/** A StreamError for an answer that refuses. retryAfter: ms that its Retry-After asks for. */
export interface Refusal extends StreamError {
  retryAfter: number
}

export const isRefusal = (error: unknown): error is Refusal => error instanceof StreamError && 'retryAfter' in error

export const unreachable = 'The server cannot be reached'

const passing = new Set([408, 425, 429])

/** What follows from an error of an attempt. Only an error of the network is no StreamError. */
export function endingOfError(error: unknown): Ending {
  if (!(error instanceof StreamError)) return { then: 'later', error: new StreamError(unreachable, false) }
  if (error.final) return { then: 'never', error }
  if (!isRefusal(error)) return { then: 'later', error }
  if (error.status === 401 || error.status === 403) return { then: 'refused', error }
  if (error.status >= 500 || passing.has(error.status)) return { then: 'later', error, floor: error.retryAfter }
  return { then: 'never', error }
}

const reasons: Record<string, string> = {
  revoked: 'The right to this stream was revoked',
  forbidden: 'The right to this stream has ended',
}

/** What follows from a `closing` event with this reason. renewable: another token may be had. */
export function endingOfClosing(reason: string, renewable: boolean): Ending {
  if (reason === 'revoked' && renewable) return { then: 'soon' } // only its key was taken away
  const over = reasons[reason]
  if (over) return { then: 'never', error: new StreamError(over, true) }
  if (reason === 'shutdown' || reason === 'expired') return { then: 'soon' }
  return { then: 'later', error: new StreamError(`The server has closed the stream (${reason})`, false) }
}
