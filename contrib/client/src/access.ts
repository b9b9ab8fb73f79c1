// SPDX-License-Identifier: PostgreSQL
/**
 * access.ts: makes what a request needs to be let in. That is the address, and a token or a ticket.
 * It also shows the server a new token for a stream whose token is about to end.
 */
import { logOf, type Log } from './log.js'
import { inTime } from './patience.js'
import { StreamError, type StreamOptions, type TokenRequest } from './types.js'

export interface Request {
  url: URL
  headers: Record<string, string>
}

const earlyMs = 5000 // so long a token that identity() has asked for may wait for its request

export function absolute(url: string | URL, base?: URL): URL {
  try {
    return new URL(url, base ?? globalThis.location?.href)
  } catch {
    throw new TypeError(`This is no address: ${url} (outside a page it must be a whole one, with http://)`)
  }
}

export class Access {
  readonly url: URL
  readonly credentials: NonNullable<StreamOptions['credentials']>
  readonly log: Log
  readonly parse: (text: string) => unknown
  /** Called when a new token has other rights than the one before. */
  onIdentity: () => void = () => {}
  readonly options: StreamOptions
  #early: { token: string; at: number } | undefined // a token that identity() has asked for
  #subject: unknown
  #identity: string | undefined

  constructor(options: StreamOptions) {
    const { url, paths = [], events, token, ticket } = options
    this.options = options
    this.url = absolute(url)
    for (const path of paths) this.url.searchParams.append('path', path)
    if (events?.length) this.url.searchParams.set('events', events.join(','))
    this.parse = options.parse ?? JSON.parse
    this.log = logOf(options.debug, this.url)
    this.credentials = options.credentials ?? (token || typeof ticket === 'function' ? 'omit' : 'same-origin')
  }

  /** True if the application can give another token or ticket after one was refused. */
  get renewable(): boolean {
    return typeof this.options.token === 'function' || this.options.ticket !== undefined
  }

  /**
   * Resolves to a text that says whose stream this is, or to undefined if that is not known.
   * Scripts cannot read a cookie, and a ticket does not say whose it is.
   * Rejects with a StreamError if the function `token` fails.
   */
  async identity(): Promise<string | undefined> {
    const { identity, token, ticket, headers, fetch } = this.options
    const fields = typeof headers === 'object' ? JSON.stringify(headers) : '' // they may say who asks
    if (identity !== undefined) return `named ${identity}${fields}`
    if (token) {
      this.#early = { token: await this.#token({ renew: false }), at: Date.now() }
      return this.#identity + fields
    }
    return !ticket && !headers && !fetch && this.credentials === 'omit' ? 'anonymous' : undefined
  }

  /**
   * Resolves to the address and headers of the next request, with its token or ticket.
   * ask.renew: the last token or ticket was refused.
   * Rejects with a StreamError if the application or the address of tickets refuses. Any other
   * error means that the address of tickets could not be reached.
   */
  async request(ask: TokenRequest): Promise<Request> {
    const { ticket } = this.options
    const url = new URL(this.url)
    if (ticket) url.searchParams.set('ticket', await this.#ticket(ticket, ask))
    return { url, headers: await this.headers(ask, !ticket) }
  }

  /** The fetch of the application, or the global one. */
  fetch(url: URL, init: RequestInit): Promise<Response> {
    const { fetch = globalThis.fetch } = this.options
    return fetch(url, { credentials: this.credentials, ...init })
  }

  /**
   * Shows the server a new token for the open stream whose `expiring` event has brought this code.
   * Resolves to true if the server has accepted it. Rejects as request() does.
   */
  async renew(code: string): Promise<boolean> {
    return (await inTime(import('./grants.js'))).renew(this, code)
  }

  /** The fields of a request. bearer: with the token, if there is one. */
  async headers(ask: TokenRequest, bearer: boolean): Promise<Record<string, string>> {
    return { ...(await this.#headers(ask)), ...(bearer && this.options.token ? await this.#bearer(ask) : {}) }
  }

  async #headers(ask: TokenRequest): Promise<Record<string, string>> {
    const { headers = {} } = this.options
    return typeof headers === 'function' ? called('headers', () => headers(ask), 'object') : headers
  }

  async #bearer(ask: TokenRequest): Promise<Record<string, string>> {
    const early = this.#early
    this.#early = undefined
    const token = early && !ask.renew && Date.now() - early.at < earlyMs ? early.token : await this.#token(ask)
    return { Authorization: `Bearer ${token}` }
  }

  async #token(ask: TokenRequest): Promise<string> {
    const { token } = this.options
    const text = typeof token === 'function' ? await called('token', () => token(ask), 'string') : token!
    const { identityOf, subjectOf } = await inTime(import('./identity.js'))
    const [subject, identity] = [subjectOf(text), identityOf(text)]
    this.#subject ??= subject
    if (subject !== this.#subject) throw new StreamError('The token is of another subject now: close this stream and connect again', true)
    const other = this.#identity !== undefined && this.#identity !== identity
    this.#identity = identity
    if (other) this.onIdentity()
    return text
  }

  async #ticket(ticket: NonNullable<StreamOptions['ticket']>, ask: TokenRequest): Promise<string> {
    if (typeof ticket === 'function') return called('ticket', () => ticket(ask), 'string')
    return (await inTime(import('./grants.js'))).ticketFrom(this, ticket, ask)
  }
}

// Calls a function of the application. Its errors become StreamErrors that are not final.
async function called<T>(name: string, ask: () => T | Promise<T>, type: 'string' | 'object'): Promise<T> {
  let value: T
  try {
    value = await ask()
  } catch (error) {
    if (error instanceof StreamError && 'retryAfter' in error) throw error // an answer that refuses
    throw new StreamError(`The function \`${name}\` has failed: ${(error as Error)?.message ?? error}`, false)
  }
  if (value && typeof value === type) return value
  throw new StreamError(`The function \`${name}\` has returned no ${type === 'string' ? 'text' : type}`, false)
}
