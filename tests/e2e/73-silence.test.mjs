// A network or a database that is silent or refuses, while its connections live on. The daemon
// notices it, survives it, and does not log too much of it.
// run: measures
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openHot, prepareHot } from '../lib/hot.mjs'
import { arrives, judgeLoad, named, openLoad, rouse, waits } from '../lib/load.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { openStage } from '../lib/stage.mjs'
import { holder } from '../lib/ticker.mjs'
import { token } from '../lib/token.mjs'
import { measured, now, percentile, until } from '../lib/wait.mjs'

const poll = 500
const suspect = 300 // TICKER_SUSPECT_MS
const stall = 10_000 // CONN_STALL_MS
const slack = 1000 // of a machine with other things to do

/** The figures of one stretch of silence, each with the most that it may be. */
function figuresOf({ times }, figures) {
  // A transaction that waits for a silent daemon waits for seconds (stall). What other tests beside
  // this one cost is less.
  return { ...figures, 'p99 of the transactions': [percentile(times, 99), slack], 'the longest transaction': [Math.max(...times), stall / 4] }
}
const good = (figures) => Object.values(figures).every(([ms, most]) => ms < most)
const shown = (figures) => Object.entries(figures).map(([what, [ms, most]]) => `${what} ${Math.round(ms)} ms, at the most ${most}`).join('; ')

/** Each try gets a stage of its own, because a stage is not the same after a silence. */
async function judge(t, take) {
  const figures = await measured(t, take, good, { patience: 180_000, shown })
  t.diagnostic(shown(figures))
  assert.ok(good(figures), shown(figures))
}

describe('a silent network', { skip: missing(), timeout: 600_000, concurrency: true }, () => {
  async function onStage(body) {
    const stage = await openStage({ prepare: prepareHot, daemon: false })
    const proxy = await Proxy.open(stage.cluster.port)
    try {
      return await body(stage, proxy, await named(stage, 'first', String(poll), proxy.port))
    } finally {
      await proxy.close()
      await stage.close()
    }
  }

  test('to the ticker: the other takes its role, writers wait for nothing, and the first comes back', (t) => judge(t, () => onStage(async (stage, proxy, first) => {
    const { cluster } = stage
    await until(async () => (await holder(cluster, 1)).name === 'first')
    const second = await named(stage, 'second', String(poll))
    const streams = [await openHot(second, 'second'), await openHot(first, 'first')]
    const load = openLoad(cluster)
    await rouse(cluster, load, 'first')
    proxy.silence({ all: true })
    const silent = now()
    let over = false
    load.times.length = 0
    const running = load.run(['a', 'b'], 10, () => over)
    const moved = async () => (await holder(cluster, 1)).name === 'second'
    await until(moved, { timeout: 60_000, every: 50, what: 'the second to get the role' }).finally(() => (over = true))
    const took = now() - silent
    await running
    await arrives(streams[0], load.last())
    const longest = Math.max(...waits(streams[0], load, silent))
    const figures = figuresOf(load, { 'the role moved after': [took, poll + stall + poll + 2000], 'longest wait at the second': [longest, poll + slack] })
    proxy.speak()
    await arrives(streams[1], await load.lone())
    t.diagnostic(await judgeLoad(cluster, load, streams))
    return figures
  })))

  test('to the only instance: it connects anew, delivers what was missed, to who resumes too, and has the role again', (t) => judge(t, () => onStage(async (stage, proxy, first) => {
    const { cluster } = stage
    const pid = await until(async () => (await holder(cluster, 1)).pid, { what: 'the ticker' })
    const streams = [await openHot(first, 'first')]
    const load = openLoad(cluster)
    await rouse(cluster, load, 'first')
    proxy.silence()
    const silent = now()
    let over = false
    load.times.length = 0
    const running = load.run(['a', 'b'], 10, () => over)
    const mark = await load.lone()
    streams.push(await first.subscribe('/hot', { token: await token({ sub: 'ann' }), name: 'all', lastEventId: 'earliest' }))
    Object.assign(streams[1], { sees: () => true })
    await Promise.all(streams.map((stream) => arrives(stream, mark, 60_000))).finally(() => (over = true))
    const took = now() - silent
    await running
    const figures = figuresOf(load, { 'what happened meanwhile came after': [took, poll + stall + 2000] })
    await until(async () => ![pid, undefined].includes((await holder(cluster, 1)).pid), { what: 'the role of the new session' })
    const lone = async () => {
      const begun = now()
      await arrives(streams[0], await load.lone())
      return now() - begun
    }
    const wait = await measured(t, lone, (wait) => wait < suspect)
    assert.ok(wait < suspect, `${wait} ms: nobody has the role`)
    t.diagnostic(await judgeLoad(cluster, load, streams))
    return figures
  })))
})

describe('a database that refuses', { skip: missing(), timeout: 300_000 }, () => {
  test('is asked again without a line for each time, and what was missed comes when it does not refuse any more', async (t) => {
    const stage = await openStage({ prepare: prepareHot, daemon: { flags: ['--poll-interval', '200'] } })
    try {
      const { cluster, daemon } = stage
      const load = openLoad(cluster)
      const stream = await openHot(daemon, 'ann')
      await arrives(stream, await load.lone())
      await cluster.psql('ALTER FUNCTION herald.tick() RENAME TO tock')
      const mark = await load.lone()
      const complaints = () => daemon.logs().match(/tick\(\) does not exist/g)?.length ?? 0
      const attempts = () => cluster.logs().match(/tick\(\) does not exist/g)?.length ?? 0
      const begun = now()
      await until(() => complaints() >= 1 && (now() > begun + 4000 || attempts() > 20), { what: 'some attempts, and a line' })
      const [count, took] = [attempts(), now() - begun]
      t.diagnostic(`${count} attempts in ${Math.round(took)} ms, ${complaints()} lines`)
      assert.ok(complaints() <= 2, `${complaints()} lines`)
      assert.ok(count <= 12 * Math.max(1, took / 4000), `${count} attempts in ${took} ms`)
      await until(() => attempts() >= 3, { what: 'the third attempt' })
      await cluster.psql('ALTER FUNCTION herald.tock() RENAME TO tick')
      await arrives(stream, mark)
      t.diagnostic(await judgeLoad(cluster, load, [stream]))
    } finally {
      await stage.close()
    }
  })
})
