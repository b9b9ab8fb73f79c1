// Many clients of a counter each. A client knows by itself what is lost and what comes twice: its
// user's counter goes up by one with each event. It comes back as browsers do, with its last id and
// after the server's `retry`.
import http from 'node:http'
import pg from 'pg'
import { applicationName } from '../lib/cluster.mjs'
import { watch } from '../lib/daemon.mjs'
import { token } from '../lib/token.mjs'
import { now, pause, percentile, until } from '../lib/wait.mjs'
import { shown } from './bed.mjs'

export async function prepareBeats(cluster, users) {
  await cluster.psql(`CREATE TABLE beat (id int PRIMARY KEY, n int NOT NULL); INSERT INTO beat SELECT u, 0 FROM generate_series(1, ${users}) u`)
  await watch(cluster, 'public.beat', '--audience', 'id')
  await cluster.psql(`SELECT herald.stream('/beat', '{beat}', match => '{"id": "claims.sub"}')`)
}

class Rover {
  constructor(url, since, user, authorization) {
    Object.assign(this, { url, since, user, headers: { Accept: 'text/event-stream', Authorization: authorization }, last: 0, count: 0, lost: 0, again: 0, resets: 0, connections: 0, refused: {}, gaps: [], retry: 2000, lastEventId: '' })
  }

  connect() {
    clearTimeout(this.timer)
    if (this.closed) return
    this.connections++
    const headers = this.lastEventId ? { ...this.headers, 'Last-Event-ID': this.lastEventId } : this.headers
    const request = (this.request = http.get(this.url(), { agent: false, headers }))
    let rest = ''
    request.on('response', (response) => {
      if (response.statusCode !== 200) {
        this.refused[response.statusCode] = (this.refused[response.statusCode] ?? 0) + 1
        response.resume()
        return
      }
      response.setEncoding('utf8')
      response.on('error', () => {})
      response.on('data', (text) => {
        const frames = (rest + text).split('\n\n')
        rest = frames.pop()
        for (const frame of frames) this.#frame(frame)
      })
    })
    request.on('error', () => {})
    request.on('close', () => {
      if (request !== this.request) return
      this.down ??= this.since() ?? now()
      this.open = false
      this.timer = setTimeout(() => this.connect(), this.retry)
    })
  }

  #frame(frame) {
    const field = (name) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(frame)?.[1]
    if (field('retry')) this.retry = Number(field('retry'))
    if (field('id')) this.lastEventId = field('id')
    const event = field('event')
    if (event === 'connected') {
      if (this.down !== undefined) this.gaps.push(now() - this.down)
      this.down = undefined
      this.open = true
    } else if (event === 'reset') {
      this.resets++
      this.last = undefined
    } else if (event === 'beat.update') {
      const n = Number(/"row": \{[^}]*"n": (\d+)/.exec(frame)[1])
      if (this.last !== undefined && n <= this.last) this.again++
      else if (this.last !== undefined) this.lost += n - this.last - 1
      this.last = n
      this.count++
    }
  }

  close() {
    this.closed = true
    clearTimeout(this.timer)
    this.request?.destroy()
  }
}

/**
 * count clients of so many users, spread over what url(n) says. broken: since when a machine is away,
 * in ms of now(). Streams that end after that were none since then.
 */
export class Rovers {
  static async open(count, users, url) {
    const rovers = new Rovers()
    const tokens = await Promise.all(Array.from({ length: users }, (_, u) => token({ sub: String(u + 1) })))
    rovers.all = Array.from({ length: count }, (_, n) => new Rover(() => url(n), () => rovers.broken, (n % users) + 1, `Bearer ${tokens[n % users]}`))
    for (const rover of rovers.all) {
      rover.connect()
      if (rover.user === users) await pause(5)
    }
    await rovers.opened()
    return rovers
  }

  get open() {
    return this.all.filter(({ open }) => open).length
  }

  opened(timeout = 60_000) {
    return until(() => this.all.every(({ open }) => open), { timeout, what: `all streams; ${this.open} of ${this.all.length} are open` })
  }

  /** What happened since the last call: the gaps without a stream, in ms. */
  gaps() {
    return this.all.flatMap((rover) => rover.gaps.splice(0))
  }

  /** Waits until each has its user's counter, and says what is wrong. */
  async judge(cluster) {
    const counters = new Map((await cluster.psql('SELECT id, n FROM beat')).split('\n').map((line) => line.split('|').map(Number)))
    const behind = () => this.all.filter(({ user, last }) => last !== undefined && last < counters.get(user))
    await until(() => behind().length === 0, { timeout: 60_000 }).catch(() => {})
    for (const rover of behind()) rover.lost += counters.get(rover.user) - rover.last
    const sum = (what) => this.all.reduce((total, rover) => total + rover[what], 0)
    const refused = this.all.flatMap(({ refused }) => Object.keys(refused))
    return { lost: sum('lost'), again: sum('again'), resets: sum('resets'), refused: refused.length, statuses: [...new Set(refused)].join(' ') }
  }

  close() {
    for (const rover of this.all) rover.close()
  }
}

export const gapsShown = (gaps) => (gaps.length ? `${gaps.length} gaps, median ${shown(percentile(gaps, 50))}, p99 ${shown(percentile(gaps, 99))}, most ${shown(Math.max(...gaps))}` : 'no gap')

/** Changes at a rate, by sessions that connect again. cluster: a function, for it may be another one. */
export class Beats {
  constructor(url, users, rate, width = 4) {
    Object.assign(this, { url, users, width, every: (1000 * width) / rate, acked: 0, failed: 0, over: false })
    this.running = Promise.all(Array.from({ length: width }, (_, n) => this.#run(n)))
  }

  async #run(lane) {
    let client, due = now()
    for (let n = lane; !this.over; n += this.width) {
      try {
        if (!client) {
          client = new pg.Client({ connectionString: this.url(), application_name: applicationName, connectionTimeoutMillis: 2000, query_timeout: 3000 })
          client.on('error', () => {})
          await client.connect()
        }
        await client.query({ name: 'beat', text: 'UPDATE beat SET n = n + 1 WHERE id = $1', values: [(n % this.users) + 1] })
        this.acked++
      } catch {
        this.failed++
        client?.end().catch(() => {})
        client?.connection?.stream?.destroy()
        client = undefined
        await pause(50)
      }
      due = Math.max(due + this.every, now() - 1000)
      await pause(Math.max(0, due - now()))
    }
    await client?.end().catch(() => {})
  }

  async end() {
    this.over = true
    await this.running
  }
}

export const beatBytes = (cluster) => cluster.psql("SELECT round(pg_total_relation_size('herald.changes')::numeric / nullif(count(*), 0)) FROM herald.changes")
