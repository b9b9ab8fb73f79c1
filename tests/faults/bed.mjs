// What the rows stand on: a cluster with the hot table, daemons, perhaps a proxy between, a stream,
// and writers that go on whatever happens. A row ends with what the oracle says of all of it.
import { applicationName } from '../lib/cluster.mjs'
import { judgeHot, prepareHot, hotRows, openHot } from '../lib/hot.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { now, pause, until } from '../lib/wait.mjs'
import { Writer } from '../lib/writer.mjs'

/** The server processes of the daemons, with their application_name. */
export const theirs = `backend_type = 'client backend' AND application_name <> '${applicationName}'`

export const shown = (ms) => (ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`)

/** figures: [what, ms, the most]. A row holds if none is above. words: what else is to be said. */
export const within = (figures, ...words) => ({
  held: figures.every(([, ms, most]) => ms <= most),
  figure: [...figures.map(([what, ms]) => `${what} ${shown(ms)}`), ...words].join(', '),
})

/**
 * settings: of the server. through: the first daemon reaches it by a proxy, whose options these are.
 * url(port, database): where the daemon connects. body({ cluster, daemon, proxy, stage, … }).
 */
export async function onBed({ settings, flags = [], env, through, url, prepare = () => {} } = {}, body) {
  const stage = await openStage({ settings, daemon: false, prepare: async (cluster) => (await prepareHot(cluster), await prepare(cluster)) })
  const bed = { stage, cluster: stage.cluster, log: [], streams: [], over: true, writing: [] }
  let result
  try {
    if (through) bed.proxy = await Proxy.open(stage.cluster.port, through)
    const port = bed.proxy?.port ?? stage.cluster.port
    const databaseUrl = url ? url(port, stage.cluster.database) : `postgresql://postgres@127.0.0.1:${port}/${stage.cluster.database}`
    bed.daemon = await stage.addDaemon({ databaseUrl, flags, env })
    result = await body(Object.assign(bed, parts(bed)))
  } catch (error) {
    bed.over = true
    await Promise.allSettled(bed.writing)
    await bed.proxy?.close()
    for (const stream of bed.streams) await stream.close()
    await stage.close().catch(() => {})
    throw error
  }
  await bed.proxy?.close()
  await stage.close()
  return result
}

const parts = (bed) => ({
  /** A stream that has been told `connected`. */
  async listen(name = 'stream', daemon = bed.daemon, { reconnect } = {}) {
    const stream = reconnect ? await daemon.subscribe('/hot', { token: await token({ sub: 'ann' }), name, reconnect }) : await openHot(daemon, name)
    if (reconnect) await stream.next('connected')
    bed.streams.push(Object.assign(stream, { sees: () => true, connectedAt: now() }))
    return stream
  },

  /** Writers that connect again after every lost connection. pace: [least, most] ms between two acts. */
  async write(names = ['a', 'b', 'c'], pace = [5, 25]) {
    bed.over = false
    bed.writing.push(...names.map((name) => new Writer({ name, cluster: bed.cluster, log: bed.log, random: new Random(name.charCodeAt(0)), rows: hotRows, owners: ['ann'], pace })
      .run(() => bed.over)))
    await pause(1000) // of what is written before the fault
  },

  async rest() {
    bed.over = true
    await Promise.all(bed.writing.splice(0))
  },

  /** Ends the writers and has all judged. Fails if something is lost, phantom, foreign, … */
  async judge(streams = bed.streams) {
    if (!bed.over) await pause(1000) // of what is written after the fault
    await bed.rest()
    const said = await judgeHot(bed.cluster, bed.log, streams)
    const changes = bed.log.filter(({ fate }) => fate === 'acked').flatMap((write) => write.changes).length
    return `${changes} changes ${said.match(/\d+/g).slice(0, 5).join('/')}`
  },

  terminate: () => bed.cluster.psql(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE ${theirs}`),

  /** ms until the stream gets something that was committed from now on. */
  async lone(stream, mark = `lone ${now()}`) {
    const begun = now()
    await bed.cluster.psql(`SELECT herald.publish('hot', 'lone', '{"mark": "${mark}"}', '{"owner": ["ann"]}')`)
    bed.log.push({ fate: 'acked', beganAt: begun, changes: [{ mark, owners: ['ann'] }] })
    await until(() => stream.frames.some(({ name, data }) => name === 'lone' && data.includes(mark)), { timeout: 90_000, what: `${mark} at ${stream.name}` })
    return now() - begun
  },
})

/** The longest silence of a stream, in ms, from `since` until `to`. */
export function silence(stream, since, to = now()) {
  const times = [since, ...stream.frames.map(({ at }) => at).filter((at) => at > since && at < to), to]
  return Math.max(...times.slice(1).map((at, n) => at - times[n]))
}

/** ms from `since` to the first frame after that. */
export async function next(stream, since = now(), timeout = 90_000) {
  const frame = await stream.when(() => stream.frames.findLast(({ at }) => at > since) && stream.frames.find(({ at }) => at > since), timeout, () => 'a frame')
  return frame.at - since
}

/** Asks for the status all the time. end() returns how long the slowest answer took, in ms. */
export function watchStatus(daemon, every = 100) {
  let over = false, most = 0
  const states = new Set()
  const watching = (async () => {
    for (; !over; await pause(every)) {
      const begun = now()
      const { json } = await daemon.status()
      most = Math.max(most, now() - begun)
      states.add(json.status)
    }
  })()
  return { states, end: async () => (over = true, await watching, most) }
}

/** Waits, with what is to be watched meanwhile running. The one way in which a row lets time pass. */
export const forMs = (ms) => pause(ms)
