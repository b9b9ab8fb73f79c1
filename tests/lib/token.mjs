// JSON Web Tokens, made with jose, as the applications around pgherald make them. Also those that
// no honest application makes.
import { SignJWT, UnsecuredJWT } from 'jose'
import { remember, rememberToken } from './leaks.mjs'

/** The key of every daemon that a test starts, unless the test says otherwise. */
export const secret = remember('a-secret-for-the-tests-only-0123456789abcdef', 'the key of tokens')

export const seconds = () => Math.floor(Date.now() / 1000)

/**
 * token({ sub, role, stores, ... }): a signed token that is valid for an hour. `exp: null` leaves
 * the expiry out. `alg: 'none'` leaves the signature out.
 */
export async function token(claims = {}, { secret: key = secret, alg = 'HS256', header = {} } = {}) {
  const { exp = seconds() + 3600, ...rest } = claims
  const payload = exp === null ? rest : { ...rest, exp }
  if (alg === 'none') return rememberToken(new UnsecuredJWT(payload).encode())
  return rememberToken(await new SignJWT(payload).setProtectedHeader({ alg, typ: 'JWT', ...header }).sign(Buffer.from(key)))
}

const base64url = (value) => Buffer.from(value).toString('base64url')

/** A token of any parts with any signature, since jose refuses to make some. */
export function rawToken(header, payload, signature = 'AAAA') {
  return rememberToken(`${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}.${signature}`)
}
