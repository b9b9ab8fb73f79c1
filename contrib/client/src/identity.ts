// SPDX-License-Identifier: PostgreSQL
/** identity.ts: whose token it is. It decides which tabs may share a connection, and is never sent or stored. */

// What differs between two tokens of one identity.
const passing = new Set(['exp', 'iat', 'nbf', 'jti'])

function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Everything that a token says of rights: another text means that another one might see other events. */
export function identityOf(token: string): string {
  const claims = claimsOf(token)
  if (!claims) return `token ${token}`
  const lasting = Object.entries(claims).filter(([name]) => !passing.has(name))
  return `claims ${JSON.stringify(lasting.sort(([a], [b]) => (a < b ? -1 : 1)))}`
}

/** The subject; undefined where the token does not say. */
export function subjectOf(token: string): unknown {
  return claimsOf(token)?.['sub']
}

/** A name for this url and identity that tells nothing of them. Undefined where there is no Web Crypto. */
export async function nameOf(url: string, identity: string): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined
  const bytes = new TextEncoder().encode(JSON.stringify([url, identity]))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `pgherald ${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
