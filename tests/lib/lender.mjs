// A pooler that lends its sessions for one transaction each, in another way than pgbouncer. To a
// client it looks like the server itself, and it has the number of a real server process.
import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { freePort } from './process.mjs'

const sslRequest = 80877103, gssRequest = 80877104

/** Whole messages of the protocol, with their type. What is left stays in the buffer. */
function* messages(buffer) {
  while (buffer.bytes.length >= 5 && buffer.bytes.length > buffer.bytes.readUInt32BE(1)) {
    const end = 1 + buffer.bytes.readUInt32BE(1)
    const message = buffer.bytes.subarray(0, end)
    buffer.bytes = buffer.bytes.subarray(end)
    yield message
  }
}

export class Lender {
  /**
   * refuses: a client is not let in if this matches its first packet. keeps: each client has a
   * session of its own until lend().
   */
  static async open(target, { keeps = false, refuses } = {}) {
    const lender = new Lender()
    Object.assign(lender, { target, keeps, refuses, idle: [], clients: new Set(), sockets: new Set(), port: await freePort() })
    lender.server = createServer({ noDelay: true }, (near) => lender.#serve(near))
    await new Promise((resolve) => lender.server.listen(lender.port, '127.0.0.1', resolve))
    return lender
  }

  #keep(socket) {
    this.sockets.add(socket)
    return socket.on('error', () => {}).on('close', () => this.sockets.delete(socket))
  }

  #serve(near) {
    const client = { near: this.#keep(near), buffer: { bytes: Buffer.alloc(0) }, begun: false, waiting: [] }
    near.on('data', (chunk) => {
      client.buffer.bytes = Buffer.concat([client.buffer.bytes, chunk])
      client.begun ? this.#forward(client) : this.#begin(client)
    })
    this.clients.add(client)
    near.on('close', () => (this.clients.delete(client), client.far?.destroy()))
  }

  // A client is greeted with what the first server process has said.
  async #begin(client) {
    const { bytes } = client.buffer
    if (bytes.length < 8 || bytes.length < bytes.readUInt32BE(0)) return
    const packet = bytes.subarray(0, bytes.readUInt32BE(0))
    client.buffer.bytes = bytes.subarray(packet.length)
    if ([sslRequest, gssRequest].includes(packet.readUInt32BE(4))) {
      client.near.write('N')
      return
    }
    if (this.refuses?.test(packet)) return client.near.destroy()
    client.begun = true
    this.packet ??= packet
    if (this.keeps) {
      this.#lendTo(client, await this.#open())
      client.near.write(client.far.greeting)
      return
    }
    this.greeting ??= this.#open().then((far) => (this.idle.push(far), far.greeting))
    client.near.write(await this.greeting)
  }

  async #open() {
    const far = Object.assign(this.#keep(connect({ port: this.target, host: '127.0.0.1', noDelay: true })), { buffer: { bytes: Buffer.alloc(0) } })
    far.on('data', (chunk) => {
      far.buffer.bytes = Buffer.concat([far.buffer.bytes, chunk])
      for (const message of messages(far.buffer)) far.take?.(message)
    })
    const said = []
    const ready = new Promise((resolve) => (far.take = (message) => (said.push(message), message[0] === 0x5a && resolve())))
    await once(far, 'connect')
    far.write(this.packet)
    await ready
    far.take = undefined // a message is lost while no client has the session
    return Object.assign(far, { greeting: Buffer.concat(said) })
  }

  async #forward(client) {
    for (const message of messages(client.buffer)) client.waiting.push(message)
    if (client.borrowing || !client.waiting.length) return
    if (!client.far) {
      client.borrowing = true
      // In turns: what a client has just given back would be its own again, as long as no other asks.
      this.#lendTo(client, this.idle.shift() ?? (await this.#open()))
      client.borrowing = false
    }
    client.busy = true
    for (const message of client.waiting.splice(0)) message[0] === 0x58 ? client.near.end() : client.far.write(message) // Terminate (0x58) is not passed on
  }

  #lendTo(client, far) {
    client.far = far
    far.take = (message) => {
      client.near.write(message)
      if (message[0] !== 0x5a || message[5] !== 0x49) return // unless ReadyForQuery in no transaction
      client.busy = false
      if (!this.keeps) this.#giveBack(client)
    }
  }

  /** Lends sessions from now on. */
  lend() {
    this.keeps = false
    for (const client of this.clients) if (client.far && !client.busy) this.#giveBack(client)
  }

  #giveBack(client) {
    client.far.take = undefined
    this.idle.push(client.far)
    client.far = undefined
  }

  async close() {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }
}
