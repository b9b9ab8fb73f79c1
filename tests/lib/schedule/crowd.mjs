// The subscribers of the random schedule. Most stay with their instance and come back at once.
// Roamers come back to any instance. Sleepers stay away until what they missed has been pruned.
// All fetch the table again when they are told to.
import { Rereader } from './reread.mjs'
import { Subscriber } from '../sse.mjs'
import { token } from '../token.mjs'
import { now, pause } from '../wait.mjs'
import { endState } from '../writer.mjs'

export class Crowd {
  /**
   * keep: ms; what is pruned is older than this. Only sleepers stay away for more than half of it.
   */
  constructor({ cluster, daemons, random, keep, owners }) {
    Object.assign(this, { cluster, daemons, random, keep, owners, all: [], drops: 0 })
    this.rereader = new Rereader(() => endState(cluster))
  }

  async open({ streams, roamers, sleepers }) {
    const user = (index) => this.owners[index % this.owners.length]
    for (let index = 0; index < streams; index++) await this.#user(`${user(index)}/${index}`, user(index), (back) => back)
    for (let index = 0; index < roamers; index++) await this.#user(`roamer/${index}`, user(index), this.#moving())
    for (let index = 0; index < sleepers; index++) {
      const sleep = () => this.#sleep(this.random.between(1.4, 1.8) * this.keep)
      const sleeper = await this.#user(`sleeper/${index}`, user(7 * index), this.#moving(1, sleep))
      sleeper.resets = Infinity
    }
    for (const name of ['admin/1', 'admin/2']) await this.#admin(name, (back) => back)
    await this.#admin('admin/roamer', this.#moving())
  }

  // Prunes what the sleeper misses shortly before it wakes up. So it is gone even if nobody else
  // has pruned it.
  #sleep(ms) {
    setTimeout(() => this.cluster.psql(`SELECT herald.prune('${this.keep} ms')`).catch(() => {}), ms - 1500).unref()
    return ms
  }

  #user(name, user, away) {
    return this.#open(name, '/hot', { sub: user }, (owner) => owner === user, away)
  }

  #admin(name, away) {
    return this.#open(name, '/hot/all', { sub: 'admin', role: 'admin' }, () => true, away)
  }

  async #open(name, path, claims, sees, away) {
    const { random, keep } = this
    const back = () => (random.next() < 0.1 ? random.between(keep / 8, keep / 2) : random.between(1, 300))
    const at = this.daemons[this.all.length % 3 === 2 ? 1 : 0]
    const subscriber = new Subscriber(at.url(path), { name, token: await token(claims), reconnect: () => away(back(), subscriber, path) })
    this.rereader.follow(subscriber)
    await subscriber.connect()
    await subscriber.next('connected')
    this.all.push(Object.assign(subscriber, { sees, connectedAt: now() }))
    return subscriber
  }

  // Comes back to the instance with this index. Without one, to any.
  #moving(place, away = (back) => back) {
    return (back, subscriber, path) => {
      subscriber.url = (this.daemons[place] ?? this.random.pick(this.daemons)).url(path)
      return away(back)
    }
  }

  /**
   * Breaks one connection after the other. The sleepers' come first, so that they have time to
   * sleep.
   */
  async churn(stopped) {
    const first = this.all.filter(({ resets }) => resets)
    while (!stopped()) {
      await pause(this.random.between(20, 200))
      const subscriber = first.pop() ?? this.random.pick(this.all)
      if (!subscriber.open) continue
      subscriber.drop()
      this.drops++
    }
  }

  /** From now on every subscriber comes back at once, to where it was last. */
  stay() {
    for (const subscriber of this.all) {
      subscriber.reconnect = () => 20
      if (!subscriber.open && subscriber.current.ended) subscriber.connect().catch(() => {})
    }
  }

  async close() {
    await Promise.all(this.all.map((subscriber) => subscriber.close()))
    await this.rereader.finish()
  }

  figures() {
    const resets = this.all.flatMap(({ frames }) => frames).filter(({ name }) => name === 'reset').length
    const connections = this.all.reduce((sum, { connections }) => sum + connections.length, 0)
    return { drops: this.drops, connections, resets, rereads: this.rereader.count }
  }
}
