// Clients that mean no good. Some send a byte at a time, others knock without end.
import { connect } from 'node:net'
import { answers, exchange } from './raw.mjs'
import { now } from './wait.mjs'

/** Connections that send `beginning`, and then `more` every `every` ms as long as they live. */
export class SlowClients {
  constructor(address, count, beginning, { more = 'x', every = 500 } = {}) {
    this.began = now()
    this.ends = [] // ms from the beginning to each end
    this.answers = ''
    this.sockets = Array.from({ length: count }, () => this.#open(address, beginning))
    this.timer = setInterval(() => this.sockets.forEach((socket) => socket.writable && socket.write(more)), every)
  }

  #open(address, beginning) {
    const socket = connect(address)
    // Node keeps this until the socket is connected, which may take longer than `every` on a busy
    // machine.
    socket.write(beginning)
    socket.on('data', (chunk) => (this.answers += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => this.ends.push(now() - this.began))
    return socket
  }

  get gone() {
    return this.ends.length === this.sockets.length
  }

  close() {
    clearInterval(this.timer)
    for (const socket of this.sockets) socket.destroy()
  }
}

/**
 * `width` clients at a time send the same request, each in a connection of its own, until `end`, ms
 * of now(). Returns how often each status was the answer.
 */
export async function flood(address, bytes, width, end) {
  const statuses = {}
  const knock = async () => {
    while (now() < end) {
      const status = answers(await exchange(address, bytes)).join(' ')
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: width }, knock))
  return statuses
}
