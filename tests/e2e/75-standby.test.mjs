// A daemon on a hot standby. It has the same events under the same ids, by polling. Clients roam,
// and the standby is promoted.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing } from '../lib/daemon.mjs'
import { deliver, judgeHot, openHot, prepareHot, resetsOf, roam, writeHot } from '../lib/hot.mjs'
import { openStage } from '../lib/stage.mjs'
import { measured, now } from '../lib/wait.mjs'

describe('a hot standby', { skip: missing(), timeout: 300_000 }, () => {
  let stage, standby, far
  const more = [] // of standbys and their daemons, if it takes more than one
  before(async () => {
    stage = await openStage({ prepare: prepareHot })
    standby = await Cluster.standbyOf(stage.cluster)
    far = await Daemon.start({ cluster: standby })
  })
  after(async () => {
    for (const each of more.reverse()) await each.destroy()
    await far?.destroy()
    await standby?.destroy()
    await stage?.close()
  })

  test('it delivers the same events under the same ids', async (t) => {
    const log = []
    const streams = [await openHot(stage.daemon, 'near'), await openHot(far, 'far')]
    await writeHot(stage.cluster, log, now() + 2000, ['a', 'b', 'c'])
    t.diagnostic(await judgeHot(stage.cluster, log, streams))
    const ids = ({ events }) => events.map(({ id }) => id)
    assert.deepEqual(ids(streams[1]), ids(streams[0]))
  })

  test('a client that roams between primary and standby misses nothing and sees nothing twice', async (t) => {
    const log = []
    const stream = await openHot(stage.daemon, 'roamer')
    const end = now() + 3000
    await Promise.all([writeHot(stage.cluster, log, end, ['d', 'e', 'f']), roam(stream, [far, stage.daemon], end)])
    t.diagnostic(await judgeHot(stage.cluster, log, [stream]))
    assert.deepEqual(resetsOf(stream), [])
  })

  test('promoted, it goes on at once, and its daemon makes the ticks', async (t) => {
    let [primary, next, daemon] = [stage.cluster, standby, far]
    const promotion = async () => {
      next ??= await Cluster.standbyOf(primary)
      daemon ??= await Daemon.start({ cluster: next })
      if (next !== standby) more.push(next, daemon)
      const stream = await openHot(daemon, 'survivor')
      await primary.stop('immediate')
      await next.promote()
      const promoted = now()
      const id = await deliver(next, 'promoted', stream)
      const wait = now() - promoted
      await stream.close()
      assert.ok(Number(id.split('-')[0]) >= 2 ** 32, `tick ids have jumped: ${id}`)
      ;[primary, next, daemon] = [next, undefined, undefined]
      return wait
    }
    const wait = await measured(t, promotion, (wait) => wait < 2000)
    t.diagnostic(`the first change came ${Math.round(wait)} ms after the promotion`)
    assert.ok(wait < 2000, 'it does not wait for the safety poll')
  })
})
