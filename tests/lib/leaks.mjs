// What must never be written down: the tokens, tickets, cookies and keys of the tests, remembered where they are made, sent or got,
// and searched for in all that the daemon leaves behind (daemon.mjs, at every end of one).
import assert from 'node:assert/strict'

const remembered = new Map() // its begin -> what it is
const shortest = 16 // what is shorter proves nothing when it is found
const enough = 24 // characters of its begin are searched for, so that one is found that was cut short

export function remember(text, what) {
  if (text?.length >= shortest) remembered.set(text.slice(0, enough), what)
  return text
}

/** A token's payload and its signature; the header is the same for all. */
export function rememberToken(token) {
  const [, payload, signature] = token.split('.')
  remember(payload, "a token's payload")
  remember(signature, "a token's signature")
  return token
}

/** The values of a Cookie header. */
export function rememberCookies(header = '') {
  for (const pair of header.split(';')) remember(pair.slice(pair.indexOf('=') + 1).trim(), "a cookie's value")
}

/** What of all that stands in a text; except: a text whose secrets may, as a test has put them there on purpose. */
export const leaksIn = (text, except = '') => [...remembered].filter(([secret]) => text.includes(secret) && !except.includes(secret))

export function assertNoLeak(text, where, except) {
  const [leak] = leaksIn(text, except)
  if (!leak) return
  const at = text.indexOf(leak[0])
  assert.fail(`${leak[1]} stands in ${where}: ${text.slice(Math.max(0, at - 300), at + leak[0].length + 100)}`)
}
