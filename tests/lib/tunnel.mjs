// An HTTP proxy by which a program finds a local server under the name of another one. So it can be
// given addresses as they stand in a document. No name is looked up, and nothing leaves the machine.
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { freePort } from './process.mjs'

export class Tunnel {
  static async open() {
    const tunnel = new Tunnel()
    tunnel.port = await freePort()
    tunnel.server = createServer((request, response) => response.writeHead(501).end())
    tunnel.server.on('connect', ({ url }, socket) => tunnel.#join(url, socket))
    await new Promise((resolve) => tunnel.server.listen(tunnel.port, '127.0.0.1', resolve))
    return tunnel
  }

  constructor() {
    this.ports = new Map() // 'host:port' that is asked for -> port on this machine
    this.sockets = new Set()
  }

  /** What a program needs in its environment to go through it. */
  get environment() {
    return { https_proxy: `http://127.0.0.1:${this.port}`, no_proxy: '' }
  }

  /** https to these hosts goes to the port. */
  lead(hosts, port) {
    for (const host of hosts) this.ports.set(`${host}:443`, port)
  }

  #join(place, near) {
    const port = this.ports.get(place)
    if (port === undefined) return near.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const far = connect(port, '127.0.0.1', () => near.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    for (const [from, to] of [[near, far], [far, near]]) {
      this.sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => (this.sockets.delete(from), to.destroy()))
      from.pipe(to)
    }
  }

  async close() {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
