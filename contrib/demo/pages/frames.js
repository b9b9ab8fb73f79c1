// SPDX-License-Identifier: PostgreSQL
/**
 * frames.js: the bytes of streams, as they come. It looks on beside the client: a fetch that the
 * client is given keeps a copy of what is read.
 */
import { make } from '/shell.js'

const most = 40 // frames that are shown
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 })
const forgotten = 5000 // ms after which a change is another one
const settled = 150 // ms after which a change has come to all that get it

export class Frames {
  #list
  #sent = new Map() // order and status -> when this page has sent it
  #changes = new Map() // tick and order -> user -> ms, or undefined where this page has not sent it
  #counts = new Map() // user -> shows what came
  #timer

  constructor(list) {
    this.#list = list
  }

  /** Notes that this page sends a change now. */
  expect(id, status) {
    this.#sent.set(`${id} ${status}`, performance.now())
  }

  /** Calls show(came, word, count): did the last change come to this user, and how many did? */
  onCount(user, show) {
    this.#counts.set(user, show)
  }

  /** A fetch for the client. */
  fetch(user, name) {
    return async (url, init) => {
      const response = await fetch(url, init)
      if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) return response
      const [own, copy] = response.body.tee()
      this.#read(copy, user, name).catch(() => {}) // its end is the client's concern
      return new Response(own, { status: response.status, headers: response.headers })
    }
  }

  async #read(body, user, name) {
    let text = ''
    for (const reader = body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (text + value).split('\n\n')
      text = blocks.pop()
      for (const block of blocks) this.#take(block, user, name)
    }
  }

  #take(block, user, name) {
    const frame = Object.fromEntries(block.split('\n').filter((line) => !line.startsWith(':')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
    if (!frame.data) return // a ping, or what EventSource should wait for
    const { order_id: known, order_status: status, order } = JSON.parse(frame.data), id = order?.id ?? known
    const ms = this.#age(`${id} ${order?.order_status ?? status}`)
    this.#show(block, name, ms)
    // The events of one commit have ids of one tick.
    if (frame.event?.startsWith('order_')) this.#count(`${frame.id.split('-')[0]} ${id}`, user, ms)
  }

  /** The ms since this page has sent the change. Undefined if another program has made it. */
  #age(change) {
    const ms = performance.now() - this.#sent.get(change)
    return ms < forgotten ? Math.round(ms) : undefined
  }

  #show(block, name, ms) {
    const time = clock.format(new Date())
    this.#list.prepend(make('li', {}, make('span', { className: 'head' }, make('time', {}, time), make('b', {}, name), make('span', { className: 'ms' }, ms === undefined ? '' : `+${ms} ms`)),
      make('code', {}, block)))
    while (this.#list.children.length > most) this.#list.lastChild.remove()
  }

  #count(change, user, ms) {
    if (!this.#changes.has(change)) this.#changes.set(change, new Map())
    this.#changes.get(change).set(user, ms)
    this.#timer ??= setTimeout(() => this.#tell(), settled)
  }

  #tell() {
    this.#timer = undefined
    const all = [...this.#changes.values()], last = all.at(-1)
    for (const [user, show] of this.#counts) {
      const came = all.filter((change) => change.has(user)).length
      const ms = last.get(user)
      const word = !last.has(user) ? 'Not sent here' : ms === undefined ? 'It came' : `It came after ${ms} ms`
      show(last.has(user), word, `${came} of ${all.length} so far`)
    }
  }
}
