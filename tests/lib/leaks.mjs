// What must never be written down: the tokens, tickets, cookies and keys of the tests. They are
// remembered when they are made, sent or received. At each end of a daemon, daemon.mjs searches all
// that it leaves for them.
import assert from 'node:assert/strict'

const remembered = new Map() // its beginning -> what it is
const shortest = 16 // characters; to find a shorter secret would prove nothing
const enough = 24 // characters of the beginning; so a secret that was cut short is found, too

export function remember(text, what) {
  if (text?.length >= shortest) remembered.set(text.slice(0, enough), what)
  return text
}

/** Remembers a token's payload and signature. Its header is the same for all. */
export function rememberToken(token) {
  const [, payload, signature] = token.split('.')
  remember(payload, "a token's payload")
  remember(signature, "a token's signature")
  return token
}

/** Remembers the values of a Cookie header. */
export function rememberCookies(header = '') {
  for (const pair of header.split(';')) remember(pair.slice(pair.indexOf('=') + 1).trim(), "a cookie's value")
}

/**
 * Which of them stand in a text. except: a text whose secrets are allowed, since a test has put
 * them there.
 */
export const leaksIn = (text, except = '') => [...remembered].filter(([secret]) => text.includes(secret) && !except.includes(secret))

export function assertNoLeak(text, where, except) {
  const [leak] = leaksIn(text, except)
  if (!leak) return
  const at = text.indexOf(leak[0])
  assert.fail(`${leak[1]} stands in ${where}: ${text.slice(Math.max(0, at - 300), at + leak[0].length + 100)}`)
}
