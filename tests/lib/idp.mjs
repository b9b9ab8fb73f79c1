// An identity provider: discovery, a key set, and keys that change. It can be slow, broken, lying,
// huge, or send its clients elsewhere.
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import { readFileSync } from 'node:fs'
import { jwkOf, makeKey, signWith } from './keys.mjs'
import { rememberToken } from './leaks.mjs'
import { freePort } from './process.mjs'
import { makeCertificate } from './tls.mjs'
import { now } from './wait.mjs'

const json = (value) => ({ 'content-type': 'application/json', body: JSON.stringify(value) })

export class Idp {
  /**
   * directory: for its certificate, which vouches for itself (ca). plain: http on 127.0.0.1.
   * issuer, jwksUrl: https addresses of others, at which it answers through a Tunnel.
   */
  static async open(directory, { plain = false, issuer, jwksUrl } = {}) {
    const idp = new Idp()
    idp.named = issuer && { issuer, jwksUrl: jwksUrl ?? new URL('/keys', issuer).href }
    idp.hosts = issuer ? [...new Set(Object.values(idp.named).map((url) => new URL(url).hostname))] : ['localhost']
    const certificate = plain ? {} : await makeCertificate(directory, idp.hosts)
    const answer = (request, response) => idp.#answer(request, response)
    idp.port = await freePort()
    idp.ca = certificate.cert
    idp.server = plain ? createPlainServer(answer)
      : createServer({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }, answer)
    idp.origin = plain ? `http://127.0.0.1:${idp.port}` : `https://localhost:${idp.port}`
    await new Promise((resolve) => idp.server.listen(idp.port, plain ? '127.0.0.1' : undefined, resolve))
    return idp
  }

  constructor() {
    this.keys = []
    this.asked = [] // { path, at } of each request
    this.cacheControl = undefined
    this.behave = undefined // (path, response) => true if it has answered, or never will
    this.held = new Set()
  }

  get issuer() {
    return this.named?.issuer ?? `${this.origin}/realms/one`
  }

  get jwksUrl() {
    return this.named?.jwksUrl ?? `${this.origin}/keys`
  }

  /** Adds a key, and returns it. published: what its set says otherwise of it; undefined: nothing. */
  add(alg, kid, published = {}) {
    const key = { ...makeKey(alg, { kid }), published }
    this.keys.push(key)
    return key
  }

  /** A token of this provider, signed with the key. */
  async sign(key, claims = {}, header = {}) {
    return rememberToken(await signWith(key, { iss: this.issuer, sub: 'ann', ...claims }, header))
  }

  /** How often its key set was asked for. */
  get fetches() {
    return this.asked.filter(({ path }) => path === '/keys').length
  }

  #answer({ url: path }, response) {
    this.asked.push({ path, at: now() })
    this.held.add(response)
    if (this.behave?.(path, response)) return
    const pages = {
      [new URL(this.jwksUrl).pathname]: () => json({ keys: this.keys.map((key) => ({ ...jwkOf(key), ...key.published })) }),
      [`${new URL(this.issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`]: () => json({ issuer: this.issuer, jwks_uri: this.jwksUrl }),
    }
    const { body = 'nothing is here', ...headers } = pages[path]?.() ?? {}
    response.writeHead(pages[path] ? 200 : 404, { ...headers, ...(this.cacheControl && { 'cache-control': this.cacheControl }) })
    response.end(body)
  }

  async close() {
    for (const response of this.held) response.destroy()
    this.server.closeAllConnections?.()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

/** Ways in which a provider can fail, and what the log then says. */
export const misbehaviours = {
  'is broken': [(path, response) => response.writeHead(500).end('{"keys":[]}'), /answered 500, not 200/],
  'says what is no JSON': [(path, response) => response.end('<html>'), /not a (JSON object|JSON Web Key Set)/],
  'gives an empty set': [(path, response) => path === '/keys' && response.end('{"keys":[]}'), /no key in it/],
  'is huge': [(path, response) => response.end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`), /longer than 256 KB/],
  'sends elsewhere': [(path, response) => response.writeHead(302, { location: `http://127.0.0.1:1${path}` }).end(), /another place/],
  'sends in circles': [(path, response) => response.writeHead(302, { location: path }).end(), /from place to place/],
  'gives a secret': [(path, response) => path === '/keys' && response.end(JSON.stringify({ keys: [jwkOf(makeKey('HS256'))] })), /must never be published/],
  'drops the connection': [(path, response) => response.destroy() || true, /cannot be had/],
}
