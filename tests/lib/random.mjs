// A small seeded generator (mulberry32). A schedule can be run again with the seed that it printed.

export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }

  /** A number in [0, 1). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  between(low, high) {
    return low + this.next() * (high - low)
  }

  /** An integer in [low, high]. */
  integer(low, high) {
    return Math.floor(this.between(low, high + 1))
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)]
  }

  /** One of [[weight, …], …]. */
  weighted(list) {
    let rest = this.next() * list.reduce((sum, [weight]) => sum + weight, 0)
    return list.find(([weight]) => (rest -= weight) < 0) ?? list.at(-1)
  }

  shuffle(list) {
    const all = [...list]
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.integer(0, i)
      ;[all[i], all[j]] = [all[j], all[i]]
    }
    return all
  }

  /**
   * `count` different integers in [low, high], ascending. Writers that lock in this order do not
   * deadlock.
   */
  distinct(count, low, high) {
    const chosen = new Set()
    while (chosen.size < count) chosen.add(this.integer(low, high))
    return [...chosen].sort((a, b) => a - b)
  }

  /** A generator for one actor alone, so that actors do not disturb one another's choices. */
  fork() {
    return new Random(Math.floor(this.next() * 4294967296))
  }
}
