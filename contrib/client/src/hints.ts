// SPDX-License-Identifier: PostgreSQL
/**
 * hints.ts: what the end of an attempt means, and what a developer can do about it. It is loaded when
 * there is one.
 */
import type { Access } from './access.js'
import { endingOfError, unreachable, type Ending } from './answer.js'
import { refusalOf } from './refusal.js'
import { StreamError } from './types.js'

export { endingOfClosing } from './answer.js'
export { noteConnection } from './slots.js'

const probeMs = 2000

const hints: Record<number, string> = {
  401: 'No token came that the daemon accepts. Look at its exp, iss, aud and key: the daemon\'s log says which it was',
  403: 'The token is good, and gives no right to this stream: see `require`, `match` and `authorize` of herald.stream. A page of an origin that is not in `allowed-origins` is 403 too',
  404: 'No stream has this path: `SELECT path FROM herald.streams` shows those that there are. Is url that of the daemon, and not that of the page\'s server?',
  429: 'This user or address has too many streams: share them (`identity`, `paths`), or raise max-streams-per-user',
}

const isLocal = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(host)

/** True if there is a server, even if this page may not read what it says. */
async function answers(url: URL, access: Access): Promise<boolean> {
  try {
    await access.fetch(new URL('/stream/status', url), { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(probeMs) })
    return true
  } catch {
    return false
  }
}

async function whyUnreachable(access: Access): Promise<StreamError | undefined> {
  const { url } = access, page = globalThis.location
  if (!page?.origin) return undefined
  if (page.protocol === 'https:' && url.protocol === 'http:' && !isLocal(url.hostname)) {
    return new StreamError('The page came by https, and its browser opens no http', false, 0, `Give the stream an address with https, and not ${url.origin}`)
  }
  if (page.origin === url.origin || !(await answers(url, access))) return undefined
  return new StreamError('The server does not let this page read its answer', false, 0, `Add ${page.origin} to allowed-origins of the daemon. If it is there, a proxy in front answers by itself`)
}

const isAnswer = (failure: unknown): failure is Response => typeof failure === 'object' && failure !== null && 'ok' in failure

/** What follows from an error of an attempt, or from an answer that refuses the stream. */
export async function endingOf(failure: unknown, access: Access): Promise<Ending> {
  const ending = endingOfError(isAnswer(failure) ? await refusalOf(failure, 'the stream') : failure)
  return 'error' in ending ? { ...ending, error: await explained(ending.error, access) } : ending
}

/** The error with a hint, or a better one. */
export async function explained(error: StreamError, access: Access): Promise<StreamError> {
  if (error.status === 0 && error.message === unreachable) return (await whyUnreachable(access)) ?? error
  const hint = hints[error.status]
  return hint ? Object.assign(error, { hint }) : error
}
