// What a page does at `bulk` and at `reset`: it fetches the table again. The rows are kept with the
// frame, where they replace the oracle's map. Events after the frame come on top of them, as in a
// page that holds events back while it fetches.
import { until } from '../wait.mjs'

export class Rereader {
  /**
   * fetch() -> the rows. A frame gets the rows of a fetch that began after it. Frames share a
   * fetch.
   */
  constructor(fetch) {
    Object.assign(this, { fetch, count: 0 })
  }

  /** Fetches at every frame of the subscriber that asks for that. */
  follow(subscriber) {
    let seen = 0
    subscriber.watchers.add(() => {
      for (; seen < subscriber.frames.length; seen++) {
        const frame = subscriber.frames[seen]
        if (frame.name === 'bulk' || frame.name === 'reset') this.#fill(frame)
      }
    })
  }

  /** Returns when every frame has its rows. */
  async finish() {
    while (this.waiting ?? this.running) await (this.waiting ?? this.running)
  }

  async #fill(frame) {
    frame.rows = await (this.waiting ??= this.#after(this.running))
  }

  async #after(before) {
    await before
    this.running = this.waiting
    this.waiting = undefined
    this.count++
    const rows = await until(this.fetch, { timeout: 30_000, what: 'the table, read anew' })
    if (!this.waiting) this.running = undefined
    return rows
  }
}
