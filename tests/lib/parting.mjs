// A front of PostgreSQL that chooses the server of each connection by its application_name. Several
// hosts, or a name with several addresses, may do the same to a daemon.
import { connect, createServer } from 'node:net'
import { freePort } from './process.mjs'

export class Parting {
  /** portOf(name): the port of the server for sessions of that name. URLs say sslmode=disable. */
  static async open(portOf) {
    const front = new Parting()
    Object.assign(front, { portOf, sockets: new Set(), port: await freePort() })
    front.server = createServer((near) => front.#greet(near))
    await new Promise((resolve) => front.server.listen(front.port, '127.0.0.1', resolve))
    return front
  }

  url(database) {
    return `postgresql://postgres@127.0.0.1:${this.port}/${database}?sslmode=disable&gssencmode=disable`
  }

  #keep(socket) {
    this.sockets.add(socket)
    return socket.on('error', () => {}).on('close', () => this.sockets.delete(socket))
  }

  // The first packet has the session's settings: names and values, each with a NUL at its end.
  #greet(near) {
    let packet = Buffer.alloc(0)
    const read = (chunk) => {
      packet = Buffer.concat([packet, chunk])
      if (packet.length < 4 || packet.length < packet.readUInt32BE(0)) return
      near.off('data', read).pause()
      const words = packet.subarray(8).toString().split('\0')
      this.#join(near, this.portOf(words[words.indexOf('application_name') + 1]), packet)
    }
    this.#keep(near).on('data', read)
  }

  #join(near, port, packet) {
    const far = this.#keep(connect({ port, host: '127.0.0.1', noDelay: true }))
    far.write(packet)
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  }

  async close() {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
