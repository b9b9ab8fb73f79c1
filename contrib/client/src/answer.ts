// SPDX-License-Identifier: PostgreSQL
/** answer.ts: what an answer of the server, a `closing` event or a lost connection means for the next attempt. */
import { StreamError } from './types.js'

/** How an attempt has ended. now: the next one at once; soon: spread a little; later: with backoff; never: closed. */
export type Ending =
  | { then: 'now' | 'soon' | 'mute' }
  | { then: 'later'; error: StreamError; floor?: number }
  | { then: 'refused' | 'never'; error: StreamError }

/** A StreamError of an answer's status. retryAfter: milliseconds. */
export interface Refusal extends StreamError {
  retryAfter: number
}

export const isRefusal = (error: unknown): error is Refusal => error instanceof StreamError && 'retryAfter' in error

/** Milliseconds that a Retry-After asks for; 0 where there is none, at most an hour. */
export function retryAfterOf(value: string | null, now = Date.now()): number {
  if (value === null) return 0
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return ms > 0 ? Math.min(ms, 3_600_000) : 0
}

async function sentenceOf(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { errors?: unknown[] }
    return typeof body.errors?.[0] === 'string' ? body.errors[0] : response.statusText
  } catch {
    return response.statusText
  }
}

/** what: 'the stream', 'a ticket'. */
export async function refusalOf(response: Response, what: string): Promise<Refusal> {
  const text = await sentenceOf(response)
  const error = new StreamError(`The server refuses ${what}: ${response.status}${text && ` ${text}`}`, false, response.status)
  return Object.assign(error, { retryAfter: retryAfterOf(response.headers.get('Retry-After')) })
}

const passing = new Set([408, 425, 429])

/** What follows from an error of an attempt. */
export function endingOfError(error: unknown): Ending {
  if (!(error instanceof StreamError)) return { then: 'later', error: new StreamError('The server cannot be reached', false) }
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

/** What follows from a `closing` event. */
export function endingOfClosing(reason: string): Ending {
  const over = reasons[reason]
  if (over) return { then: 'never', error: new StreamError(over, true) }
  if (reason === 'shutdown' || reason === 'expired') return { then: 'soon' }
  return { then: 'later', error: new StreamError(`The server has closed the stream (${reason})`, false) }
}
