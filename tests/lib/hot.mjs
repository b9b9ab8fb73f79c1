// The hot table as one user's stream. Functions here make it, write it at random, read it at one
// daemon or at two by turns, and judge.
import assert from 'node:assert/strict'
import { watch } from './daemon.mjs'
import { check, explain, summary } from './oracle.mjs'
import { Random } from './random.mjs'
import { token } from './token.mjs'
import { now, pause, until } from './wait.mjs'
import { endState, hotTable, marksOf, Writer } from './writer.mjs'

export const hotRows = 20

/** For openStage: the hot rows, which are all ann's, and their stream. */
export async function prepareHot(cluster) {
  await cluster.psql(`${hotTable} INSERT INTO hot SELECT n, 'ann', 0, 'start' FROM generate_series(1, ${hotRows}) n;`)
  await watch(cluster, 'public.hot', '--audience', 'owner')
  await defineHot(cluster)
}

export const defineHot = (cluster) => cluster.psql(`SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}')`)

/** A subscriber that has been told `connected`. */
export async function openHot(daemon, name, lastEventId) {
  const stream = await daemon.subscribe('/hot', { token: await token({ sub: 'ann' }), name, lastEventId })
  await stream.next('connected')
  return Object.assign(stream, { sees: () => true, connectedAt: now() })
}

/** Random transactions until `end`, ms of now(). Each name is a writer. */
export const writeHot = (cluster, log, end, names) => Promise.all(names.map((name) =>
  new Writer({ name, cluster, log, random: new Random(name.charCodeAt(0)), rows: hotRows, owners: ['ann'] }).run(() => now() > end)))

/**
 * The stream comes back with its Last-Event-ID at each daemon in turn, until `end`, ms of now().
 */
export async function roam(stream, daemons, end) {
  for (let hop = 0; now() < end; hop++) {
    await pause(60)
    stream.drop()
    await stream.current.done
    stream.url = daemons[hop % daemons.length].url('/hot')
    await stream.connect()
  }
}

/** Waits for the end state at each stream, and has the oracle compare. Returns its summary. */
export async function judgeHot(cluster, log, streams) {
  const table = await endState(cluster)
  const own = new Set(log.flatMap(({ changes }) => changes.map(({ mark }) => mark)))
  for (const stream of streams) {
    await until(() => table.every(({ mark }) => !own.has(mark) || marksOf(stream).has(mark)), { what: `the end state at ${stream.name}` })
  }
  await Promise.all(streams.map((stream) => stream.close()))
  const report = check({ writes: log, subscribers: streams, table: table.filter(({ mark }) => own.has(mark)) })
  assert.ok(report.ok, `${summary(report)}\n${explain(report)}`)
  return summary(report)
}

/** Why the stream was reset, each time. */
export const resetsOf = (stream) => stream.frames.filter(({ name }) => name === 'reset').map(({ data }) => JSON.parse(data).reason)

/** The id under which the stream has got the row with this note. */
export async function idOf(note, stream) {
  await stream.when(() => marksOf(stream).has(note), 60_000, () => `${note} at ${stream.name}: ${stream.tail()}`)
  return stream.events.find(({ data }) => JSON.parse(data).row.note === note).id
}

export const writeNote = (cluster, note) => cluster.psql(`UPDATE hot SET version = version + 1, note = '${note}' WHERE id = 1`)

/** Writes, and returns the id under which the stream has got it. */
export async function deliver(cluster, note, stream) {
  await writeNote(cluster, note)
  return idOf(note, stream)
}
