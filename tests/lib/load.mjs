// Writers on the hot rows that note when each change was committed. The tests of the ticker's
// faults measure with them.
import assert from 'node:assert/strict'
import { hotRows } from './hot.mjs'
import { check, explain, summary } from './oracle.mjs'
import { Random } from './random.mjs'
import { chainFaults, holder } from './ticker.mjs'
import { now, pause, until } from './wait.mjs'
import { endState, marksOf, Writer } from './writer.mjs'

/** A daemon whose sessions have its name. So the owner of a lock is known, even through a proxy. */
export const named = (stage, name, poll, port = stage.cluster.port) => stage.addDaemon({
  databaseUrl: `postgresql://postgres@127.0.0.1:${port}/${stage.cluster.database}?application_name=${name}`,
  flags: ['--poll-interval', poll],
})

/**
 * lone() commits one change and returns its mark. run() commits many. times: how long each
 * transaction took, in ms.
 */
export function openLoad(cluster) {
  const load = { log: [], commits: new Map(), times: [] }
  const open = async (name) => {
    const writer = new Writer({ name, cluster, log: load.log, random: new Random(name.charCodeAt(0)), rows: hotRows, owners: ['ann'] })
    writer.client = await cluster.client()
    return writer
  }
  const write = async (writer) => {
    const begun = now()
    await writer.transaction([writer.random.integer(1, hotRows)], {})
    load.times.push(now() - begun)
    const { mark } = load.log.findLast(({ writer: name }) => name === writer.name).changes[0]
    load.commits.set(mark, now())
    return mark
  }
  load.lone = async () => write((load.single ??= await open('lone')))
  load.run = (names, gap, stopped) => Promise.all(names.map(async (name) => {
    const writer = await open(name)
    for (; !stopped(); await pause(gap)) await write(writer)
    await writer.end()
  }))
  load.last = () => [...load.commits.keys()].at(-1)
  load.end = () => load.single?.end()
  return load
}

export const arrives = (stream, mark, timeout = 60_000) => stream.when(() => marksOf(stream).has(mark), timeout, () => `the event of ${mark} at ${stream.name}`)

/** ms from commit to arrival, of all that was committed from `since` on and has arrived. */
export const waits = (stream, { commits }, since = 0) => stream.events
  .map(({ data, at }) => ({ at, committed: commits.get(JSON.parse(data).row.note) }))
  .filter(({ committed }) => committed >= since).map(({ at, committed }) => at - committed)

// A hundred transactions that ring, as fast as the server can. Where commits are cheap the ticker
// rises at 100 rings in 100 ms only, which writers on a busy machine do not make. So each
// transaction has ten changes, which nobody reads, and rings ten times, with a text of its own each.
const rings = `DO $$ BEGIN FOR n IN 1..100 LOOP
  PERFORM herald.publish('nobody', 'rouses', '{}'), pg_notify('herald', format('%s %s', n, m)) FROM generate_series(1, 10) m;
  COMMIT; END LOOP; END $$`

/**
 * Writes so fast that the ticker stays awake, and holds the lock that tells writers not to ring.
 * Returns when the ticker of this name is awake.
 */
export async function rouse(cluster, load, name) {
  let done = false
  const time = (load.rouses = (load.rouses ?? 0) + 1) // no mark may be given out twice
  const running = load.run(['r', 's', 't', 'u'].map((writer) => `${writer}${time}`), 1, () => done)
  try {
    await until(async () => {
      if ((await holder(cluster, 3)).name === name) return true
      await cluster.psql(rings)
    }, { what: `${name} to wake up` })
  } finally {
    done = true
    await running
  }
}

/** Fails unless everything reached every stream, once, in one order, in ticks without a gap. */
export async function judgeLoad(cluster, load, streams) {
  await load.end()
  const table = await endState(cluster)
  const last = table.map(({ mark }) => mark).filter((mark) => load.commits.has(mark))
  for (const stream of streams) {
    await stream.when(() => last.every((mark) => marksOf(stream).has(mark)), 30_000, () => `the end state at ${stream.name}`)
  }
  await Promise.all(streams.map((stream) => stream.close()))
  const report = check({ writes: load.log, subscribers: streams, table: table.filter(({ mark }) => load.commits.has(mark)) })
  assert.ok(report.ok, `${summary(report)}\n${explain(report)}`)
  for (const stream of streams) assert.deepEqual(stream.events.map(({ id }) => id), streams[0].events.map(({ id }) => id))
  assert.equal(await chainFaults(cluster), '')
  return `${streams[0].events.length} events`
}
