// A TCP proxy, mostly on the way to PostgreSQL. It can fall silent without closing anything, as a
// network does, in one direction or both. It can take its time, trickle, and reset.
import { connect, createServer } from 'node:net'
import { freePort } from './process.mjs'
import { pause } from './wait.mjs'

const sliceMs = 50 // of what trickles

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
      from.on('data', (chunk) => this.#pass(pair, from, to, chunk))
      from.on('end', () => this.#later(() => to.end()))
      from.on('error', () => to.destroy())
      from.on('close', () => this.pairs.delete(pair))
    }
    if (this.silent) this.#hush(pair, 'both')
    if (this.lifetime > 0) setTimeout(() => pair.forEach((socket) => socket.destroy()), this.lifetime)
  }

  #pass(pair, from, to, chunk) {
    if (this.rate > 0 && from === pair[1]) return this.#trickle(from, to, chunk)
    if (this.resetsAfter > 0 && from === pair[1] && (this.resetsAfter -= chunk.length) <= 0) {
      to.write(chunk.subarray(0, chunk.length + this.resetsAfter), () => this.reset(pair))
      return
    }
    this.#later(() => to.write(chunk))
  }

  async #trickle(from, to, chunk) {
    from.pause()
    const slice = Math.max(1, Math.round((this.rate * sliceMs) / 1000))
    for (let at = 0; at < chunk.length; at += slice) {
      if (to.destroyed) return
      to.write(chunk.subarray(at, this.rate > 0 ? at + slice : chunk.length))
      if (!(this.rate > 0)) break
      await pause(sliceMs)
    }
    from.resume()
  }

  #later(act) {
    if (this.delay > 0) setTimeout(act, this.delay)
    else act()
  }

  // From now on nothing is read, neither bytes nor the end.
  #hush([near, far], way) {
    if (way !== 'back') near.pause()
    if (way !== 'forth') far.pause()
  }

  /** Ends all connections, and new ones at once. */
  cut() {
    this.broken = true
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
  }

  mend() {
    this.broken = false
  }

  /**
   * All connections fall silent. With `all`, new ones do so, too. What was sent is kept. way: `forth`
   * for what goes to the target, `back` for what comes from it, or both.
   */
  silence({ all = false, way = 'both' } = {}) {
    this.silent = all
    for (const pair of this.pairs) this.#hush(pair, way)
  }

  /** From now on so many bytes a second come back from the target on each connection. 0: all. */
  trickle(rate) {
    this.rate = rate
  }

  /** Resets a connection, or all of them, as a machine does that has forgotten them. */
  reset(pair) {
    for (const each of pair ? [pair] : [...this.pairs]) for (const socket of each) socket.resetAndDestroy()
  }

  /** Resets the connection on which the byte of this number comes back. */
  resetAfter(bytes) {
    this.resetsAfter = bytes
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
