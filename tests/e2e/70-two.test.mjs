// Two instances on one database. Both have the same events under the same ids, one makes the ticks,
// and either can go.
// run: measures
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { hotRows, openHot, prepareHot } from '../lib/hot.mjs'
import { check, explain, summary } from '../lib/oracle.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { findTicker } from '../lib/ticker.mjs'
import { measured, now, pause, until } from '../lib/wait.mjs'
import { endState, marksOf, Writer } from '../lib/writer.mjs'

describe('two instances on one database', { skip: missing(), timeout: 300_000 }, () => {
  let stage, first, second
  before(async () => {
    stage = await openStage({ prepare: prepareHot })
    first = stage.daemon
    second = await stage.addDaemon()
  })
  after(() => stage?.close())

  function makeWriter(log, name) {
    return new Writer({ name, cluster: stage.cluster, log, random: new Random(name.charCodeAt(0)), rows: hotRows, owners: ['ann'] })
  }

  // Waits until each stream has all that this log's transactions left in the table.
  async function drained(log, streams, table) {
    const own = new Set(log.flatMap(({ changes }) => changes.map(({ mark }) => mark)))
    const last = table.map(({ mark }) => mark).filter((mark) => own.has(mark))
    const has = (stream) => last.every((mark) => marksOf(stream).has(mark))
    for (const stream of streams) await stream.when(() => has(stream), 30_000, () => `the end state at ${stream.name}`)
  }

  async function judge(log, streams) {
    const table = await endState(stage.cluster)
    await drained(log, streams, table)
    await Promise.all(streams.map((stream) => stream.close()))
    const report = check({ writes: log, subscribers: streams, table })
    assert.ok(report.ok, `${summary(report)}\n${explain(report)}`)
    return report.figures
  }

  test('both deliver everything, with the same ids', async (t) => {
    const log = []
    const streams = [await openHot(first, 'first'), await openHot(second, 'second')]
    const end = now() + 2000
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => makeWriter(log, name).run(() => now() > end)))
    t.diagnostic(JSON.stringify(await judge(log, streams)))
    assert.deepEqual(streams[0].events.map(({ id }) => id), streams[1].events.map(({ id }) => id))
  })

  test('a client that moves between them by Last-Event-ID misses nothing and sees nothing twice', async (t) => {
    const log = []
    const mover = await openHot(first, 'mover')
    const end = now() + 3000
    const writers = ['e', 'f', 'g'].map((name) => makeWriter(log, name).run(() => now() > end))
    for (let moves = 0; now() < end; moves++) {
      await pause(100)
      mover.drop()
      await mover.current.done
      mover.url = (moves % 2 ? first : second).url('/hot')
      await mover.connect()
    }
    await Promise.all(writers)
    t.diagnostic(`${mover.connections.length} connections; ${JSON.stringify(await judge(log, [mover]))}`)
  })

  test('one ticks; when it is killed the other takes over within a second, twice', async (t) => {
    let kills = 0
    const kill = async () => {
      const victim = (await until(() => findTicker(stage.cluster, [first, second]), { timeout: 10_000 }).catch(() => null)) ?? [first, second][kills % 2]
      const survivor = victim === first ? second : first
      const gap = await takeOver(victim, survivor, `take${kills++}`)
      t.diagnostic(`the ticker was killed; the longest wait of a change at the other instance: ${Math.round(gap)} ms`)
      await victim.start()
      return gap
    }
    for (let round = 0; round < 2; round++) {
      const gap = await measured(t, kill, (gap) => gap < 1000)
      assert.ok(gap < 1000, `${gap} ms`)
    }
  })

  // Changes go on all the time. Each one's wait is counted, from its commit to its arrival.
  async function takeOver(victim, survivor, name) {
    const log = []
    const stream = await openHot(survivor, 'survivor')
    const writer = makeWriter(log, name)
    writer.client = await stage.cluster.client()
    const commits = new Map()
    const write = async () => {
      await writer.transaction([1 + (commits.size % 20)], {})
      commits.set(log.at(-1).changes[0].mark, now())
    }
    for (let n = 0; n < 10; n++) await write()
    await victim.kill9()
    for (const end = now() + 1500; now() < end; await pause(10)) await write()
    await writer.end()
    await judge(log, [stream])
    const waits = stream.events.map(({ data, at }) => at - commits.get(JSON.parse(data).row.note))
    return Math.max(...waits)
  }

  test('one instance that is stopped for a while and woken again delivers what it missed', async (t) => {
    const log = []
    const streams = [await openHot(first, 'first'), await openHot(second, 'second')]
    const ticker = (await findTicker(stage.cluster, [first, second])) ?? first
    const sleeper = ticker === first ? second : first
    sleeper.pause()
    const end = now() + 1000
    await Promise.all(['h', 'i'].map((name) => makeWriter(log, name).run(() => now() > end)))
    sleeper.resume()
    t.diagnostic(JSON.stringify(await judge(log, streams)))
  })
})
