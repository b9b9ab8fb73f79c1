// Fe26.2 by @hapi/iron itself, and by the client package's module for browsers. Also texts that
// neither of them makes.
import { createCipheriv, createHmac, pbkdf2Sync, randomBytes, webcrypto } from 'node:crypto'
import Iron from '@hapi/iron'

globalThis.crypto ??= webcrypto // not global in Node 18
const { unseal: unsealInBrowser } = await import('../../contrib/client/dist/unseal.js')

export { unsealInBrowser }

export const encryptionKey = 'the-encryption-key-of-the-tests-0123456789'
export const sealedForm = /^Fe26\.2\*\w*\*[0-9a-f]{64}\*[\w-]{22}\*[\w-]+\*\*[0-9a-f]{64}\*[\w-]{43}$/

export const seal = (value, password = encryptionKey, options = {}) => Iron.seal(value, password, { ...Iron.defaults, ...options })
export const unseal = (text, keys = encryptionKey) => Iron.unseal(text, keys, Iron.defaults)

const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
const derive = (password, salt) => pbkdf2Sync(password, salt, 1, 32, 'sha1')

/** A text with these parts, and a mac that is right for them. Whoever has the key can make it. */
export function forge(parts = {}, { password = encryptionKey, macPassword = password, plain = '{"a":1}', padding = true } = {}) {
  const { prefix = 'Fe26.2', id = '', salt = randomBytes(32).toString('hex'), expiration = '', macSalt = randomBytes(32).toString('hex') } = parts
  const { iv = base64url(randomBytes(16)), encrypted = base64url(encrypt(derive(password, salt), Buffer.from(iv, 'base64url'), plain, padding)) } = parts
  const base = [prefix, id, salt, iv, encrypted, expiration].join('*')
  return [base, macSalt, base64url(createHmac('sha256', derive(macPassword, macSalt)).update(base).digest())].join('*')
}

function encrypt(key, iv, plain, padding) {
  const cipher = createCipheriv('aes-256-cbc', key, iv.length === 16 ? iv : Buffer.alloc(16)).setAutoPadding(padding)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

/** The same text, with one of its eight parts changed by a function. */
export function altered(sealed, index, change) {
  const parts = sealed.split('*')
  parts[index] = change(parts[index])
  return parts.join('*')
}
