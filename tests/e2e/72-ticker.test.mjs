// The ticker is frozen, and so are its session and its locks. The other instance does not wait for
// it.
// run: measures, both
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openHot, prepareHot } from '../lib/hot.mjs'
import { arrives, judgeLoad, named, openLoad, rouse, waits } from '../lib/load.mjs'
import { openStage } from '../lib/stage.mjs'
import { holder } from '../lib/ticker.mjs'
import { measured, now, pause, until } from '../lib/wait.mjs'

const suspect = 300 // TICKER_SUSPECT_MS
const slack = 500 // of a machine with other things to do

describe('a frozen ticker', { skip: missing(), timeout: 300_000 }, () => {
  let stage, daemons
  before(async () => {
    stage = await openStage({ prepare: prepareHot, daemon: false })
    daemons = { first: await named(stage, 'first', '60s'), second: await named(stage, 'second', '60s') }
  })
  after(() => stage?.close())

  async function roles() {
    const name = await until(async () => (await holder(stage.cluster, 1)).name, { what: 'a ticker' })
    return { name, ticker: daemons[name], other: daemons[name === 'first' ? 'second' : 'first'] }
  }

  test('asleep: the other instance ticks when the doorbell is not answered, and the frozen one catches up', async (t) => {
    const { ticker, other } = await roles()
    const streams = [await openHot(other, 'other'), await openHot(ticker, 'frozen')]
    const load = openLoad(stage.cluster)
    ticker.pause()
    const eight = async () => {
      const begun = now()
      for (let n = 0; n < 8; n++) await arrives(streams[0], await load.lone())
      return Math.max(...waits(streams[0], load, begun))
    }
    const longest = await measured(t, eight, (longest) => longest < suspect + slack)
    t.diagnostic(`longest wait ${Math.round(longest)} ms`)
    assert.ok(longest < suspect + slack, `${longest} ms`)
    ticker.resume()
    await arrives(streams[1], await load.lone())
    t.diagnostic(await judgeLoad(stage.cluster, load, streams))
  })

  // Freezes the ticker while it holds the lock that tells writers not to ring. Returns when that
  // was, and who. The other one may have taken the role from one that was frozen before.
  const freezeAwake = (load) => until(async () => {
    const { name, ticker } = await roles()
    await rouse(stage.cluster, load, name)
    ticker.pause()
    const frozen = now()
    if ((await holder(stage.cluster, 3)).name === name) return { name, ticker, frozen }
    ticker.resume() // it had lain down before
  }, { timeout: 60_000, what: 'a ticker that is frozen awake' })

  test('awake, under load, when nobody rings: the other instance ticks when the ticks stop, and the frozen one catches up', async (t) => {
    const load = openLoad(stage.cluster)
    const streams = { first: await openHot(daemons.first, 'first'), second: await openHot(daemons.second, 'second') }
    let over = false
    const running = load.run(['a', 'b', 'c', 'd'], 10, () => over) // all the while, because after a pause nobody suspects it any more
    const stretch = async () => {
      const { name, ticker, frozen } = await freezeAwake(load)
      const stream = streams[name === 'first' ? 'second' : 'first']
      await pause(2500)
      const mark = load.last()
      const longest = await arrives(stream, mark, 10_000).then(() => Math.max(...waits(stream, load, frozen)), () => Infinity)
      const awake = (await holder(stage.cluster, 3)).name === name // no writer has rung; otherwise it had already told its server to lie down
      ticker.resume()
      await arrives(stream, mark)
      return awake ? longest : Infinity
    }
    const longest = await measured(t, stretch, (longest) => longest < suspect + slack).finally(() => (Object.values(daemons).forEach((daemon) => daemon.resume()), (over = true)))
    await running
    t.diagnostic(`longest wait ${Math.round(longest)} ms`)
    assert.ok(longest < suspect + slack, `${longest} ms`)
    t.diagnostic(await judgeLoad(stage.cluster, load, Object.values(streams)))
  })

  // The ticker is still awake. Nothing has come for so long that nobody suspects it any more. Then
  // one change comes, and nobody rings for it.
  async function freezeBehindGap(load) {
    const { name, ticker, other } = await roles()
    const stream = await openHot(other, 'other')
    await arrives(stream, await load.lone()) // the load has its connection now, which would take too long later
    let tries = 0
    return until(async () => {
      await rouse(stage.cluster, load, name)
      await pause((tries++ % 2 ? 1.3 : 2) * suspect + 50) // on a slow machine it has lain down at the end of the longer one
      await arrives(stream, await load.lone())
      ticker.pause()
      const frozen = now()
      const mark = await load.lone() // at once, because a little later nobody suspects the ticker any more
      if ((await holder(stage.cluster, 3)).name === name) return { ticker, stream, mark, frozen }
      ticker.resume()
    }, { timeout: 60_000, what: 'a ticker that is frozen before it lies down' })
  }

  test('awake, and killed behind a change that nobody rang for: the other instance finds it within a second', async (t) => {
    const kill = async () => {
      const load = openLoad(stage.cluster)
      const { ticker, stream, mark, frozen } = await freezeBehindGap(load)
      await ticker.kill9()
      const longest = await arrives(stream, mark, 10_000).then(() => Math.max(...waits(stream, load, frozen)), () => Infinity)
      await ticker.start()
      t.diagnostic(await judgeLoad(stage.cluster, load, [stream]))
      return longest
    }
    const longest = await measured(t, kill, (longest) => longest < suspect + slack)
    t.diagnostic(`waited ${Math.round(longest)} ms`)
    assert.ok(longest < suspect + slack, `${longest} ms`)
  })

  test('awake, in the quiet: a lone change waits for the safety poll, no longer', async (t) => {
    const poll = 1500
    for (const daemon of Object.values(daemons)) {
      await daemon.stop()
      daemon.flags = ['--poll-interval', String(poll)]
      await daemon.start()
    }
    const load = openLoad(stage.cluster)
    const streams = { first: await openHot(daemons.first, 'first'), second: await openHot(daemons.second, 'second') }
    const { name, ticker } = await freezeAwake(load)
    const stream = streams[name === 'first' ? 'second' : 'first']
    const lone = async () => {
      await pause(3 * suspect) // nobody suspects it any more
      const quiet = now()
      await arrives(stream, await load.lone())
      return now() - quiet
    }
    const wait = await measured(t, lone, (wait) => wait < poll + slack)
    t.diagnostic(`waited ${Math.round(wait)} ms`)
    assert.ok(wait < poll + slack, `${wait} ms`)
    ticker.resume()
    t.diagnostic(await judgeLoad(stage.cluster, load, Object.values(streams)))
  })
})
