// Bytes over a socket that no honest client sends.
import { connect } from 'node:net'
import { within } from './wait.mjs'

export const addressOf = (url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) })

/**
 * Sends the bytes, a Buffer or a text of one byte a character. Returns the answer, as soon as
 * `enough` says so or the other side closes. Fails if neither comes within the timeout, in ms.
 */
export async function exchange(address, bytes, { enough = () => false, timeout = 20_000 } = {}) {
  const sent = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, 'latin1')
  const socket = connect(address, () => socket.write(sent))
  let answer = ''
  const end = new Promise((resolve, reject) => {
    socket.on('data', (chunk) => (answer += chunk.toString('latin1'), enough(answer) && resolve()))
    socket.on('close', resolve)
    socket.on('error', (error) => ['ECONNRESET', 'EPIPE'].includes(error.code) ? resolve() : reject(error))
  })
  try {
    await within(end, timeout, `an end of the answer to ${JSON.stringify(sent.toString('latin1').slice(0, 300))}, so far ${JSON.stringify(answer.slice(0, 300))}`)
    return answer
  } finally {
    socket.destroy()
  }
}

/** The status of each answer in the text, in order. */
export const answers = (text) => (text.match(/HTTP\/1\.[01] \d{3}/g) ?? []).map((line) => Number(line.slice(-3)))

/** Is this the beginning of a stream? */
export const isStream = (text) => text.includes('event: connected')
