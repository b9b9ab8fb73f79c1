// Tabs that share a connection, in a world made for them. It has a lock, a channel that may lose or
// delay messages, and a server that restarts its history. Tabs come, go, fall asleep and are
// killed. Each tab must be told every event from where it began, once and in order. There is no
// browser here. 85-client-pages has one.
// run: once
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { client } from '../lib/client.mjs'
import { Random } from '../lib/random.mjs'
import { now, pause, until } from '../lib/wait.mjs'

const { Feed } = await client('feed')
const { Tabs } = await client('tabs')

/** One lock as in navigator.locks. Requests are queued, and can be aborted or steal it. */
class Lock {
  holder = null
  waiting = []

  request(_name, { signal, steal }, callback) {
    return new Promise((resolve, reject) => {
      const entry = { callback, resolve, reject }
      signal?.addEventListener('abort', () => {
        this.waiting = this.waiting.filter((it) => it !== entry)
        reject(new Error('aborted'))
      })
      if (steal) this.steal(entry)
      else this.waiting.push(entry), queueMicrotask(() => this.next())
    })
  }

  steal(entry) {
    this.holder?.reject(new Error('stolen'))
    this.holder = null
    this.waiting.unshift(entry)
    this.next()
  }

  next() {
    if (this.holder || this.waiting.length === 0) return
    const entry = (this.holder = this.waiting.shift())
    Promise.resolve(entry.callback()).then(() => {
      if (this.holder === entry) this.holder = null
      entry.resolve()
      this.next()
    })
  }
}

class World {
  events = [] // { id, n }
  tick = 1
  lock = new Lock()
  channels = new Set()
  connections = new Set()
  told = { lost: 0, stolen: 0 }

  constructor(random, { state, loss }) {
    Object.assign(this, { random, state, loss })
    const world = this
    globalThis.BroadcastChannel = class {
      constructor() {
        world.channels.add(this)
        this.inbox = []
      }

      postMessage(message) {
        if (this.dead || this.asleep) return
        const copy = structuredClone(message)
        for (const other of world.channels) if (other !== this) other.hear(copy)
      }

      // A receiver gets messages in their order, later, or never.
      hear(message) {
        if (world.random.next() < world.loss) return world.told.lost++
        this.inbox.push(message)
        setImmediate(() => this.drain())
      }

      drain() {
        while (!this.asleep && !this.dead && this.inbox.length > 0) this.onmessage({ data: this.inbox.shift() })
      }

      close() {
        world.channels.delete(this)
        this.dead = true
      }
    }
    Object.defineProperty(globalThis, 'navigator', { value: { locks: this.lock }, configurable: true })
  }

  get head() {
    return `${this.tick}-0`
  }

  write(count) {
    this.tick++
    for (let n = 1; n <= count; n++) this.events.push({ id: `${this.tick}-${n}`, n: this.events.length })
    for (const connection of this.connections) connection.pump()
  }
}

/** The connection of a tab. It begins after the cursor, with a state, or now. */
class Connection {
  constructor(tab) {
    Object.assign(this, { tab, world: tab.world, open: false })
  }

  start() {
    if (this.open) return
    this.open = true
    this.world.connections.add(this)
    setImmediate(() => this.begin())
  }

  stop() {
    this.open = this.begun = false
    this.world.connections.delete(this)
  }

  begin() {
    if (!this.open || this.begun) return
    const { feed, tell } = this.tab, { world } = this, from = feed.resumeFrom()
    this.begun = true
    if (from === '' && world.state) {
      tell({ kind: 'begin', id: '', fresh: true })
      for (const { n } of world.events) if (this.open) tell({ kind: 'event', id: '', event: 'snapshot', data: n })
      this.at = world.events.length
      if (this.open) tell({ kind: 'event', id: `${world.tick}-9223372036854775807`, event: 'ready', data: null })
    } else {
      const all = from === 'earliest'
      this.at = from === '' ? world.events.length : all ? 0 : world.events.findLastIndex(({ id }) => compare(id, from) <= 0) + 1
      tell({ kind: 'begin', id: all ? '' : from || world.head, fresh: from === '' })
    }
    this.pump()
    if (this.open) this.tab.tabs.tellState('open')
  }

  pump() {
    while (this.open && this.begun && !this.tab.asleep && this.at < this.world.events.length) {
      const { id, n } = this.world.events[this.at++]
      this.tab.tell({ kind: 'event', id, event: 'e', data: n })
    }
  }
}

const compare = (a, b) => {
  const [x, y] = [a, b].map((id) => id.split('-').map(BigInt))
  return x[0] !== y[0] ? (x[0] < y[0] ? -1 : 1) : x[1] < y[1] ? -1 : x[1] > y[1] ? 1 : 0
}

class Tab {
  constructor(world, { lastEventId, staleAfter }) {
    Object.assign(this, { world, numbers: [], first: undefined, state: '', seenState: false })
    this.feed = new Feed({ lastEventId, onEvent: ({ event, data }) => event !== 'ready' && this.numbers.push(data), onReset: () => (this.numbers = []) }, assert.fail)
    this.tell = (item) => {
      if (!this.gone && this.feed.take(item)) this.tabs.tell(item)
    }
    this.connection = new Connection(this)
    this.tabs = new Tabs('x', staleAfter, {
      resumeFrom: () => this.feed.resumeFrom(), received: () => this.feed.received, take: (item) => this.feed.take(item), state: (state) => (this.state = state),
      connect: () => this.connection.start(), disconnect: () => this.connection.stop(), reconnect: () => {},
    })
    this.channel = [...world.channels].at(-1)
    this.whole = world.state || lastEventId === 'earliest' // from the first event on
  }

  sleep(asleep) {
    this.asleep = this.channel.asleep = asleep
    if (!asleep) this.channel.drain(), this.connection.pump()
  }

  close() {
    this.gone = true
    this.connection.stop()
    this.tabs.close()
  }

  /** What is wrong with the events that the tab was told, or ''. */
  get fault() {
    const { events } = this.world, { numbers } = this
    if (this.whole && numbers.length !== events.length) return `${numbers.length} of ${events.length}`
    if (numbers.at(-1) !== events.length - 1) return `up to ${numbers.at(-1)} of ${events.length - 1}`
    const wrong = numbers.findIndex((n, i) => i > 0 && n !== numbers[i - 1] + 1)
    return wrong < 0 ? '' : `${numbers[wrong]} behind ${numbers[wrong - 1]}`
  }
}

async function live(seed, { state, loss, seconds }) {
  const random = new Random(seed), world = new World(random, { state, loss }), tabs = []
  try {
    await act(random, world, tabs, seconds)
    for (const tab of tabs) if (tab.asleep) tab.sleep(false)
    const joined = () => tabs.every(({ state, feed }) => state === 'open' && feed.received !== '') && world.connections.size === 1
    await until(joined, { timeout: 30_000, what: `one connection for ${tabs.length} tabs, seed ${seed}` })
    world.write(3)
    const faults = () => tabs.map(({ fault }) => fault).filter(Boolean)
    await until(() => faults().length === 0, { timeout: 30_000, what: 'all events' }).catch(() => {})
    assert.deepEqual(faults(), [], `seed ${seed}`)
    assert.ok(tabs.every(({ numbers }) => numbers.length > 0))
  } finally {
    for (const tab of tabs) tab.close()
  }
}

async function act(random, world, tabs, seconds) {
  const options = () => ({ staleAfter: 250, lastEventId: !world.state && random.next() < 0.3 ? 'earliest' : undefined })
  const acts = [
    [60, () => world.write(random.integer(1, 4))],
    [6, () => tabs.length < 6 && tabs.push(new Tab(world, options()))],
    [4, () => tabs.length > 1 && tabs.splice(random.integer(0, tabs.length - 1), 1)[0].close()],
    [2, () => random.pick(tabs).sleep(true)],
    [8, () => tabs.find(({ asleep }) => asleep)?.sleep(false)],
    [20, () => pause(random.integer(1, 30))],
  ]
  tabs.push(new Tab(world, options()))
  for (const end = now() + seconds * 1000; now() < end; await pause(1)) await random.weighted(acts)[1]()
}

const seeds = process.env.SEED ? [Number(process.env.SEED)] : [1, 2, 3]
for (const [what, options] of [['', {}], [' where a state comes first', { state: true }], [' though one message in thirty is lost', { loss: 0.03 }], [' with a state, and losses', { state: true, loss: 0.03 }]]) {
  test(`whatever tabs do, each is told all events once${what}`, { timeout: 120_000 }, async () => {
    for (const seed of seeds) await live(seed, { state: false, loss: 0, seconds: 2, ...options })
  })
}
