// The module that unseals in pages. It reads what @hapi/iron seals, and refuses all that @hapi/iron
// refuses. There is no daemon here.
// run: once
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { altered, encryptionKey, forge, seal, unseal, unsealInBrowser } from '../lib/iron.mjs'
import { Random } from '../lib/random.mjs'

const changed = /was changed, or sealed with another key/
const malformed = /no sealed text of the form Fe26\.2/

/** Both refuse the text, and the module gives this reason. */
async function refused(sealed, about, keys = encryptionKey) {
  await assert.rejects(unsealInBrowser(sealed, keys), about, sealed.slice(0, 60))
  await assert.rejects(unseal(sealed, keys), `iron takes ${sealed.slice(0, 60)}`)
}

function anything(random, depth = 0) {
  const some = (most, make) => Array.from({ length: random.integer(0, most) }, make)
  const word = () => String.fromCodePoint(...some(12, () => random.integer(0x20, random.pick([0x7e, 0x2fff]))))
  const kinds = [() => random.integer(0, 1e9) / 100, word, () => random.pick([true, false, null])]
  const list = () => some(5, () => anything(random, depth + 1))
  const object = () => Object.fromEntries(list().map((value) => [`m${word()}`, value]))
  return depth === 0 ? object() : random.pick(depth < 3 ? [...kinds, list, object] : kinds)()
}

describe('unseal.js', () => {
  test('200 random objects that iron has sealed come out as they were', async () => {
    const random = new Random(7)
    for (let n = 0; n < 200; n++) {
      const value = anything(random)
      assert.deepEqual(await unsealInBrowser(await seal(value), encryptionKey), value)
    }
  })

  test('objects of all sizes, and texts that JavaScript finds special, come out as they were', async () => {
    for (const value of [{}, { text: '\u2028\u2029\ufeff\0"\\' }, { text: 'x'.repeat(1 << 20) }, [1, 2], 'text', 5, null, { constructor: 1 }]) {
      assert.deepEqual(await unsealInBrowser(await seal(value), encryptionKey), value)
    }
  })

  test('what the tests forge is good where nothing is wrong with it', async () => {
    for (const read of [unseal, unsealInBrowser]) assert.deepEqual(await read(forge(), encryptionKey), { a: 1 })
  })

  test('a page that has no Web Crypto is told what it takes', async () => {
    const sealed = await seal({ a: 1 }), known = Object.getOwnPropertyDescriptor(globalThis, 'crypto')
    Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true })
    try {
      await assert.rejects(unsealInBrowser(sealed, encryptionKey), /no Web Crypto: it takes a page of https or localhost/)
    } finally {
      Object.defineProperty(globalThis, 'crypto', known)
    }
  })

  for (const [what, change] of [
    ['7 parts', (text) => text.split('*').slice(1).join('*')],
    ['9 parts', (text) => `${text}*`],
    ['nothing', () => ''],
    ['the prefix of another version', (text) => text.replace('Fe26.2', 'Fe26.1')],
    ['a prefix in lower case', (text) => text.replace('Fe', 'fe')],
    ['an empty mac', (text) => altered(text, 7, () => '')],
    ['a longer mac', (text) => altered(text, 7, (mac) => `${mac}A`)],
    ['another spelling of the mac', (text) => altered(text, 7, (mac) => mac.slice(0, -1) + nextLetter(mac.at(-1)))],
    ['an empty salt', (text) => altered(text, 2, () => '')],
    ['a salt of an odd length', (text) => altered(text, 2, (salt) => salt.slice(1))],
    ['a salt in upper case', (text) => altered(text, 2, (salt) => `A${salt.slice(1)}`.toUpperCase())],
    ['a mac without salt', (text) => altered(text, 6, () => '')],
    ['an IV of 15 bytes', (text) => altered(text, 3, () => randomBytes(15).toString('base64url'))],
    ['an IV of 17 bytes', (text) => altered(text, 3, () => randomBytes(17).toString('base64url'))],
    ['an IV that is no base64', (text) => altered(text, 3, (iv) => `!${iv.slice(1)}`)],
    ['nothing encrypted', (text) => altered(text, 4, () => '')],
    ['an expiration that is a word', (text) => altered(text, 5, () => 'never')],
    ['a negative expiration', (text) => altered(text, 5, () => '-1')],
    ['an id with a star', (text) => altered(text, 1, () => 'a*b')],
    ['an id with a dot', (text) => altered(text, 1, () => 'a.b')],
    ['a line end behind it', (text) => `${text}\n`],
  ]) {
    test(`${what}: refused`, async () => refused(change(await seal({ a: 1 })), malformed))
  }

  // The last letter of 32 bytes has two bits that say nothing. So the next letter decodes to the
  // same bytes.
  function nextLetter(letter) {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return letters[letters.indexOf(letter) + 1]
  }

  test('a bit that was turned, in whatever part, is noticed by the mac', async () => {
    const sealed = await seal({ a: 1 }, { id: 'k', secret: encryptionKey })
    const keys = { k: encryptionKey, l: encryptionKey }
    for (const [index, from, to] of [[1, /k/, 'l'], [2, /^./, turn], [3, /^./, turn], [4, /^./, turn], [4, /.(?=...$)/, turn], [6, /^./, turn], [7, /^./, turn]]) {
      await refused(altered(sealed, index, (part) => part.replace(from, to)), changed, keys)
    }
    await refused(altered(sealed, 5, () => String(Date.now() + 60_000)), changed, keys)
    await refused(altered(sealed, 4, (text) => text.slice(0, -4)), changed, keys)
  })
  const turn = (letter) => (letter === '0' ? '1' : '0')

  test('a key that has sealed what cannot be decrypted, or is no JSON, is not believed', async () => {
    const none = /cannot be decrypted/
    await refused(forge({ encrypted: randomBytes(15).toString('base64url') }), none)
    await refused(forge({}, { plain: 'x'.repeat(15) + '\0', padding: false }), none)
    await refused(forge({}, { plain: 'no JSON' }), /JSON/)
    await refused(forge({}, { plain: '{"a":1' }), /JSON/)
    await refused(forge({}, { plain: '{"a":{"__proto__":{"admin":true}}}' }), /__proto__/)
    await refused(forge({}, { macPassword: 'another key for the mac 0123456789' }), changed)
  })

  test('a text ends when it has expired, a minute of differing clocks aside', async () => {
    const sealedAt = (ms, ttl) => seal({ a: 1 }, encryptionKey, { ttl, localtimeOffsetMsec: ms })
    for (const read of [unseal, unsealInBrowser]) {
      assert.deepEqual(await read(await sealedAt(-50_000, 1), encryptionKey), { a: 1 })
      assert.deepEqual(await read(forge({ expiration: '9223372036854775808' }), encryptionKey), { a: 1 })
    }
    await refused(await sealedAt(-61_000, 1), /expired/)
    await refused(forge({ expiration: '0' }), /expired/)
  })

  test('the id says which key: several are read at once, an unknown one is refused', async () => {
    const [old, next] = ['old', 'new'].map((word) => `${word} key of the tests 0123456789012345`)
    const keys = { k1: old, k2: next, default: encryptionKey }
    for (const read of [unseal, unsealInBrowser]) {
      assert.deepEqual(await read(await seal({ n: 1 }, { id: 'k1', secret: old }), keys), { n: 1 })
      assert.deepEqual(await read(await seal({ n: 2 }, { id: 'k2', secret: next }), keys), { n: 2 })
      assert.deepEqual(await read(await seal({ n: 3 }), keys), { n: 3 })
    }
    await refused(await seal({}, { id: 'k3', secret: old }), /no key for the id 'k3'/, keys)
    await refused(await seal({}, { id: 'k2', secret: old }), changed, keys)
    await refused(await seal({}, { id: 'toString', secret: old }), /no key for the id/, { k1: old })
    await refused(await seal({}), /no key for the id ''/, { k1: old })
  })

  test('a key of 31 characters is refused, one of 32 taken, and its bytes are those of UTF-8', async () => {
    await refused(forge({}, { password: 'x'.repeat(31) }), /fewer than 32/, 'x'.repeat(31))
    for (const password of ['x'.repeat(32), 'é'.repeat(32), '😀'.repeat(16)]) {
      assert.deepEqual(await unsealInBrowser(await seal({ a: 1 }, password), password), { a: 1 })
    }
  })
})
