// A doorman stands in a server's place, on a port of the loopback. It lets every client in and says
// nothing more, or it refuses all with an SQLSTATE.
import { createServer } from 'node:net'

const sslRequest = 80877103, gssRequest = 80877104
const message = (type, body) => Buffer.concat([Buffer.from(type), Buffer.from(Uint32Array.of(body.length + 4).buffer).swap32(), body])

export class Doorman {
  /** refuses: the SQLSTATE. Without one it lets clients in. */
  static async open(port, { refuses } = {}) {
    const doorman = new Doorman()
    Object.assign(doorman, { port, clients: 0, sockets: new Set() })
    const answer = refuses
      ? message('E', Buffer.from(`SFATAL\0VFATAL\0C${refuses}\0Mnot now\0\0`))
      : Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))])
    doorman.server = createServer((socket) => {
      doorman.sockets.add(socket.on('error', () => {}).on('close', () => doorman.sockets.delete(socket)))
      socket.on('data', (packet) => {
        if (packet.length === 8 && [sslRequest, gssRequest].includes(packet.readUInt32BE(4))) return socket.write('N')
        if (packet[0] !== 0) return // only a startup packet begins with 0, in its length
        doorman.clients++
        socket.write(answer)
        if (refuses) socket.end()
      })
    })
    await new Promise((resolve) => doorman.server.listen(port, '127.0.0.1', resolve))
    return doorman
  }

  close() {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }
}
