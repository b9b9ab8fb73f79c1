// Keys of every kind, and tokens that they sign, made with jose and Node's crypto, as applications
// do.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { SignJWT } from 'jose'
import { seconds } from './token.mjs'

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

export const algorithms = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA']

// The pair is written and read again. Node 20 locks a key while it is exported. If a collection of
// garbage within that ends the job which made the key, the job waits for the same lock for ever.
function makePair(alg, bits) {
  const [kind, options] = alg === 'EdDSA' ? ['ed25519', {}] : curves[alg] ? ['ec', { namedCurve: curves[alg] }] : ['rsa', { modulusLength: bits }]
  const { privateKey, publicKey } = generateKeyPairSync(kind, { ...options, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  return { privateKey: createPrivateKey(privateKey), publicKey: createPublicKey(publicKey) }
}

/**
 * A key for one algorithm: { alg, kid, secret } or { alg, kid, privateKey, publicKey }. bits: the
 * size of an RSA key.
 */
export function makeKey(alg, { kid, bits = 2048 } = {}) {
  if (alg.startsWith('HS')) return { alg, kid, secret: randomBytes(64) }
  return { alg, kid, ...makePair(alg, bits) }
}

/** The key as a member of a JSON Web Key Set. */
export function jwkOf({ alg, kid, secret, publicKey }) {
  const numbers = secret ? { kty: 'oct', k: secret.toString('base64url') } : publicKey.export({ format: 'jwk' })
  return { ...numbers, alg, use: 'sig', ...(kid && { kid }) }
}

export const pemOf = ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' })

/** A token that the key has signed, valid for an hour. header: more members of its header. */
export function signWith(key, claims = {}, header = {}) {
  const all = { alg: key.alg, typ: 'JWT', ...(key.kid && { kid: key.kid }), ...header }
  return new SignJWT({ exp: seconds() + 3600, ...claims }).setProtectedHeader(all).sign(key.secret ?? key.privateKey)
}

/** A token of any two texts, since jose refuses some. secret is for HMAC. hash: sha256 … */
export function signText(header, payload, { secret, privateKey, hash = 'sha256' }) {
  const text = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  const signature = secret
    ? createHmac(hash, secret).update(text).digest()
    : sign(hash, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
