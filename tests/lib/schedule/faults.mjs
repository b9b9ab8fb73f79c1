// The faults of the random schedule, one at a time, at moments that are drawn beforehand. Between
// them are lulls, in which the ticker lies down. It must not forget a writer that began before
// that.
import { applicationName } from '../cluster.mjs'
import { publish } from './repertoire.mjs'
import { findTicker } from '../ticker.mjs'
import { now, pause, until } from '../wait.mjs'
import { marksOf } from '../writer.mjs'

const lullPatience = 20_000 // ms; far less than the safety poll, which finds what nobody rang for

export const faultNames = ['daemonKills', 'freezes', 'wakeRestarts', 'terminations', 'serverRestarts', 'lulls', 'orphans']

/**
 * What is done when: [{ at, name }], ordered. The server restarts after the end of the long
 * transaction, since a restart would abort that.
 */
export function planFaults({ random, begin, end, plan, longEnd }) {
  const from = (name) => (name === 'serverRestarts' ? Math.min(longEnd, end - 2000) : begin + 500)
  const times = (name) => Array.from({ length: plan[name] }, () => ({ name, at: random.between(from(name), end - 1500) }))
  return faultNames.flatMap(times).sort((a, b) => a.at - b.at)
}

export class Faults {
  /**
   * show: the schedule's stage, clusters, daemons, crowd, gate, stalls. writer: writes in a lull.
   */
  constructor(show, random, writer) {
    Object.assign(this, { ...show, random, writer })
    this.done = Object.fromEntries(faultNames.map((name) => [name, 0]))
    this.restarts = [] // of the server: { from, to }
    this.awakeLulls = 0
  }

  async run(list) {
    for (const { at, name } of list) {
      await pause(Math.max(0, at - now()))
      this.say(`${name}, after ${Math.round(now() - this.begin)} ms`)
      await this[name]()
      this.done[name]++
    }
    // On a busy machine the ticker may lie down before the writer looks, in each lull.
    for (let more = 0; more < 5 && list.some(({ name }) => name === 'lulls') && !this.awakeLulls; more++) await this.lulls()
  }

  async daemonKills() {
    const daemon = this.random.pick(this.daemons)
    await daemon.kill9()
    await pause(this.random.between(0, 1000))
    await daemon.start()
  }

  async freezes() {
    const daemon = this.random.pick(this.daemons)
    daemon.pause()
    await pause(this.random.between(300, 3000))
    daemon.resume()
  }

  // When a daemon connects, it sets the wake mode of its own configuration.
  async wakeRestarts() {
    await this.restartWith(this.random.pick(this.daemons.slice(0, 2)), this.random.pick(['adaptive', 'always', 'never']))
  }

  async restartWith(daemon, mode) {
    const code = await daemon.stop()
    if (code !== 0) throw new Error(`the daemon ended with ${code}`)
    daemon.flags = flags(daemon.flags[1], mode)
    await daemon.start()
  }

  // All backends that do not belong to the tests belong to the daemons.
  async terminations() {
    const cluster = this.random.pick(this.clusters)
    const sql = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND application_name <> '${applicationName}'`
    await until(async () => Number(await cluster.psql(sql)), { timeout: 30_000, what: "a backend of the daemon's" })
  }

  async serverRestarts() {
    const restart = { from: now() }
    await this.stage.cluster.stop('immediate')
    restart.to = now()
    this.restarts.push(restart)
    await this.stage.cluster.startServer()
  }

  // A writer that may have seen the ticker awake is still open when the ticker lies down. All
  // others rest, because a transaction of another writer would ring for it.
  lulls() {
    return this.lull(() => {})
  }

  // The same, but the ticker that the writer has seen awake dies meanwhile.
  orphans() {
    return this.lull(async () => {
      const ticker = (await findTicker(this.stage.cluster, this.daemons)) ?? this.stage.daemon
      await ticker.kill9()
      await ticker.start()
    })
  }

  async lull(meanwhile) {
    const { cluster } = this.stage
    for (const daemon of this.daemons.slice(0, 2)) if (!daemon.flags.includes('adaptive')) await this.restartWith(daemon, 'adaptive')
    const awake = async () => (await cluster.psql(awakeLock)) === '1'
    this.writer.client = await cluster.client()
    const switches = this.switches
    await this.rouse(awake)
    let mark, adaptive
    const hold = async (write) => {
      mark = await publish(this.writer, write, this.crowd.owners)
      this.awakeLulls += await awake()
      await this.gate.close()
      // upkeep.mjs may have said before that nobody is to ring.
      adaptive = this.switches === switches && (await cluster.psql('SELECT wake FROM herald.status')) === 'adaptive'
      await meanwhile()
      await until(async () => !(await awake()), { timeout: 60_000, what: 'the ticker to lie down' })
      await pause(this.random.between(50, 500)) // It may go on dozing, or not.
    }
    try {
      await this.writer.transaction([], { before: hold })
      const seen = () => this.crowd.all.some((subscriber) => marksOf(subscriber).has(mark))
      const silent = () => adaptive && this.stalls.push(`nobody rang for ${mark}\n${this.stage.daemon.logs().slice(-2000)}`)
      await until(seen, { timeout: lullPatience }).catch(silent)
    } finally {
      this.gate.open()
      await this.writer.end()
    }
  }

  /** How often the doorbell was switched, one that is being switched included. */
  get switches() {
    const counts = Object.entries(this.acts).filter(([name]) => name.startsWith('wake=')).map(([, { well, else: other }]) => well + other)
    return counts.reduce((sum, count) => sum + count, 0)
  }

  // Rings until the ticker is awake. Others cancel whatever runs, and end sessions: then the next try rings.
  async rouse(awake) {
    for (let tries = 0; tries < 10; tries++) {
      await this.ringOften().catch(() => {})
      if (await awake()) return
      await pause(20)
    }
  }

  async ringOften() {
    const client = await this.stage.cluster.client()
    try {
      await client.query("SELECT herald.wake('adaptive')")
      await client.query('DO $$ BEGIN FOR n IN 1..100 LOOP PERFORM herald.ring(); COMMIT; END LOOP; END $$')
    } finally {
      await client.end()
    }
  }

  figures() {
    return { ...this.done, awakeLulls: this.awakeLulls }
  }
}

const awakeLock = `SELECT count(*) FROM pg_locks
  WHERE locktype = 'advisory' AND classid = 1751478881 AND objid = 3 AND mode = 'ExclusiveLock' AND granted`

/**
 * The flags of a daemon. No safety poll comes within a test, so that what is forgotten stays
 * forgotten. With wake mode `never` polling is all there is.
 */
export const flags = (logSize, mode = 'adaptive') =>
  ['--log-size', logSize, '--wake', mode, '--poll-interval', mode === 'never' ? '50' : '60s']
