// A TCP proxy, mostly on the way to PostgreSQL. It can fall silent without closing anything, as a
// network does, and it can take its time.
import { connect, createServer } from 'node:net'
import { freePort } from './process.mjs'

export class Proxy {
  /**
   * delay: ms that everything takes on its way. lifetime: ms after which a connection is cut; 0:
   * never.
   */
  static async open(target, { delay = 0, lifetime = 0 } = {}) {
    const proxy = new Proxy()
    Object.assign(proxy, { target, delay, lifetime, pairs: new Set(), silent: false, port: await freePort() })
    proxy.server = createServer({ allowHalfOpen: true }, (socket) => proxy.#join(socket))
    await new Promise((resolve) => proxy.server.listen(proxy.port, '127.0.0.1', resolve))
    return proxy
  }

  #join(near) {
    if (this.broken) {
      near.destroy()
      return
    }
    const pair = [near, connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true })]
    this.pairs.add(pair)
    for (const [from, to] of [pair, [...pair].reverse()]) {
      from.on('data', (chunk) => this.#later(() => to.write(chunk)))
      from.on('end', () => this.#later(() => to.end()))
      from.on('error', () => to.destroy())
      from.on('close', () => this.pairs.delete(pair))
    }
    if (this.silent) this.#hush(pair)
    if (this.lifetime > 0) setTimeout(() => pair.forEach((socket) => socket.destroy()), this.lifetime)
  }

  #later(act) {
    if (this.delay > 0) setTimeout(act, this.delay)
    else act()
  }

  // From now on nothing is read, neither bytes nor the end.
  #hush(pair) {
    for (const socket of pair) socket.pause()
  }

  /** Ends all connections, and new ones at once. */
  cut() {
    this.broken = true
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
  }

  mend() {
    this.broken = false
  }

  /** All connections fall silent. With `all`, new ones do so, too. What was sent is kept. */
  silence({ all = false } = {}) {
    this.silent = all
    for (const pair of this.pairs) this.#hush(pair)
  }

  /** Everything passes again. What was kept comes first. */
  speak() {
    this.silent = false
    for (const pair of this.pairs) for (const socket of pair) socket.resume()
  }

  async close() {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
