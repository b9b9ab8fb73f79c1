// TLS in front of PostgreSQL, as a proxy or a newer server speaks it. What the server sends goes
// out in records of up to 16 kB.
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { freePort, run } from './process.mjs'

/**
 * Makes a certificate for these names, signed by itself. Returns the paths of its files:
 * { cert, key }.
 */
export async function makeCertificate(directory, names = ['localhost']) {
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') }
  const { code, stderr } = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${names[0]}`, '-addext',
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`, '-keyout', files.key, '-out', files.cert], { timeout: 60_000 })
  if (code !== 0) throw new Error(`openssl: ${stderr}`)
  return files
}

export class TlsProxy {
  /** record: bytes a record at most. host: where it listens. */
  static async open(target, { cert, key }, { record = 16_384, host = '127.0.0.1' } = {}) {
    const proxy = new TlsProxy()
    const context = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) })
    Object.assign(proxy, { target, context, record, sockets: new Set(), port: await freePort() })
    proxy.server = createServer((socket) => proxy.#greet(socket))
    await new Promise((resolve) => proxy.server.listen(proxy.port, host, resolve))
    return proxy
  }

  #keep(socket) {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    return socket
  }

  // The first message is SSLRequest, 8 bytes. The answer is one byte in clear.
  #greet(socket) {
    this.#keep(socket).on('error', () => {})
    socket.once('readable', () => {
      socket.read(8)
      socket.write('S')
      this.#join(new TLSSocket(socket, { isServer: true, secureContext: this.context }))
    })
  }

  #join(near) {
    near.setMaxSendFragment(this.record)
    const far = this.#keep(connect({ port: this.target, host: '127.0.0.1' }))
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
    near.on('data', (chunk) => far.write(chunk))
    let waiting = []
    far.on('data', (chunk) => {
      waiting.push(chunk)
      if (waiting.length === 1) setTimeout(() => near.write(Buffer.concat(waiting.splice(0))), 3) // ms; so that records are full
    })
  }

  async close() {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
