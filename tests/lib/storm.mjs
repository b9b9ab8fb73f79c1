// Clients that mean no good: some say a byte at a time, others knock without end.
import { connect } from 'node:net'
import { answers, exchange } from './raw.mjs'
import { now } from './wait.mjs'

/** Connections that send `beginning`, and then `more` each `every` ms for as long as they live. */
export class SlowClients {
  constructor(address, count, beginning, { more = 'x', every = 500 } = {}) {
    this.began = now()
    this.ends = [] // ms from the beginning to the end of each
    this.answers = ''
    this.sockets = Array.from({ length: count }, () => this.#open(address, beginning))
    this.timer = setInterval(() => this.sockets.forEach((socket) => socket.writable && socket.write(more)), every)
  }

  #open(address, beginning) {
    const socket = connect(address)
    socket.write(beginning) // kept until it is connected: a busy machine may take longer than the first `more`
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

/** `width` clients at a time send the same request, a connection each, until `end` (ms of now()): how often each status was the answer. */
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
