// SPDX-License-Identifier: PostgreSQL
/** access.ts: what a request needs to be let in: the address, a token or a ticket, and a new token for a stream whose token is about to end. */
import { isRefusal, refusalOf } from './answer.js'
import { identityOf, subjectOf } from './identity.js'
import { StreamError, type StreamOptions, type TokenRequest } from './types.js'

export interface Request {
  url: URL
  headers: Record<string, string>
}

const earlyMs = 5000

function absolute(url: string | URL, base?: URL): URL {
  try {
    return new URL(url, base ?? globalThis.location?.href)
  } catch {
    throw new TypeError(`This is no address: ${String(url)} (outside a page it must be a whole one, with http://)`)
  }
}

export class Access {
  readonly url: URL
  readonly credentials: RequestCredentials
  /** told when a new token has other rights than the former one */
  onIdentity: () => void = () => {}
  readonly #options: StreamOptions
  #early: { token: string; at: number } | undefined // one that identity() has asked for
  #subject: unknown
  #identity: string | undefined

  constructor(options: StreamOptions) {
    const { url, events, token, ticket } = options
    this.#options = options
    this.url = absolute(url)
    if (events?.length) this.url.searchParams.set('events', events.join(','))
    this.credentials = options.credentials ?? (token || typeof ticket === 'function' ? 'omit' : 'same-origin')
  }

  /** Whether another token or ticket may be had when one was refused. */
  get renewable(): boolean {
    return typeof this.#options.token === 'function' || this.#options.ticket !== undefined
  }

  /** Whose stream this is, undefined where that is not known: a cookie is not for scripts to read, a ticket says nothing. */
  async identity(): Promise<string | undefined> {
    const { identity, token, ticket } = this.#options
    if (identity !== undefined) return `named ${identity}`
    if (token) {
      this.#early = { token: await this.#token({ renew: false }), at: Date.now() }
      return identityOf(this.#early.token)
    }
    return !ticket && this.credentials === 'omit' ? 'anonymous' : undefined
  }

  /** renew: the last one was refused. Rejects with a StreamError. */
  async request(ask: TokenRequest): Promise<Request> {
    const { token, ticket } = this.#options
    const url = new URL(this.url)
    if (ticket) url.searchParams.set('ticket', await this.#ticket(ticket, ask))
    return { url, headers: token && !ticket ? await this.#bearer(ask) : {} }
  }

  /** Shows a new token for the open stream that has said this code: whether that was accepted. */
  async renew(code: string): Promise<boolean> {
    const { token, renew } = this.#options
    if (token ? typeof token !== 'function' : this.credentials === 'omit') return false
    const headers = { ...(token ? await this.#bearer({ renew: true }) : {}), 'Content-Type': 'application/json' }
    const address = absolute(renew ?? '/stream/renew', this.url)
    const body = JSON.stringify({ stream: code })
    return (await fetch(address, { method: 'POST', headers, body, credentials: this.credentials })).ok
  }

  async #bearer(ask: TokenRequest): Promise<Record<string, string>> {
    const early = this.#early
    this.#early = undefined
    const token = early && !ask.renew && Date.now() - early.at < earlyMs ? early.token : await this.#token(ask)
    return { Authorization: `Bearer ${token}` }
  }

  async #token(ask: TokenRequest): Promise<string> {
    const { token } = this.#options
    const text = typeof token === 'function' ? await called('token', () => token(ask)) : token!
    const [subject, identity] = [subjectOf(text), identityOf(text)]
    this.#subject ??= subject
    if (subject !== this.#subject) throw new StreamError('The token is of another subject now: close this stream and connect anew', true)
    const other = this.#identity !== undefined && this.#identity !== identity
    this.#identity = identity
    if (other) this.onIdentity()
    return text
  }

  async #ticket(ticket: NonNullable<StreamOptions['ticket']>, ask: TokenRequest): Promise<string> {
    if (typeof ticket === 'function') return called('ticket', () => ticket(ask))
    const headers = this.#options.token ? await this.#bearer(ask) : {}
    const response = await fetch(absolute(ticket, this.url), { method: 'POST', headers, credentials: this.credentials })
    if (!response.ok) throw await refusalOf(response, 'a ticket')
    return ((await response.json()) as { ticket: string }).ticket
  }
}

// What the application's function yields.
async function called(name: string, ask: () => string | Promise<string>): Promise<string> {
  let text: unknown
  try {
    text = await ask()
  } catch (error) {
    if (isRefusal(error)) throw error
    throw new StreamError(`The function \`${name}\` has failed: ${error instanceof Error ? error.message : String(error)}`, false)
  }
  if (typeof text !== 'string' || text === '') throw new StreamError(`The function \`${name}\` has returned no text`, false)
  return text
}
