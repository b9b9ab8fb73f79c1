// A daemon on a hot standby: the same events under the same ids, by polling; clients roam; promotion.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing, watch } from '../lib/daemon.mjs'
import { check, explain, summary } from '../lib/oracle.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { now, pause, until } from '../lib/wait.mjs'
import { endState, hotTable, marksOf, Writer } from '../lib/writer.mjs'

async function prepare(cluster) {
  await cluster.psql(`${hotTable} INSERT INTO hot SELECT n, 'ann', 0, 'start' FROM generate_series(1, 20) n;`)
  await watch(cluster, 'public.hot', '--audience', 'owner')
  await cluster.psql(`SELECT herald.stream('/hot', '{hot}', match => '{"owner": "claims.sub"}')`)
}

describe('a hot standby', { skip: missing(), timeout: 120_000 }, () => {
  let stage, standby, far
  before(async () => {
    stage = await openStage({ prepare })
    standby = await Cluster.standbyOf(stage.cluster)
    far = await Daemon.start({ cluster: standby, flags: ['--poll-interval', '1s'] })
  })
  after(async () => {
    await far?.destroy()
    await standby?.destroy()
    await stage?.close()
  })

  async function subscribe(daemon, name) {
    const stream = await daemon.subscribe('/hot', { token: await token({ sub: 'ann' }), name })
    await stream.next('connected')
    return Object.assign(stream, { sees: () => true, connectedAt: now() })
  }
  const writers = (log, stopped, names = ['a', 'b', 'c']) => Promise.all(names.map((name) =>
    new Writer({ name, cluster: stage.cluster, log, random: new Random(name.charCodeAt(0)), rows: 20, owners: ['ann'] }).run(stopped)))

  async function judge(log, streams) {
    const table = await endState(stage.cluster)
    const own = new Set(log.flatMap(({ changes }) => changes.map(({ mark }) => mark)))
    for (const stream of streams) {
      await until(() => table.every(({ mark }) => !own.has(mark) || marksOf(stream).has(mark)), { timeout: 8000, what: `the end state at ${stream.name}` })
    }
    await Promise.all(streams.map((stream) => stream.close()))
    const report = check({ writes: log, subscribers: streams, table: table.filter(({ mark }) => own.has(mark)) })
    assert.ok(report.ok, `${summary(report)}\n${explain(report)}`)
    return summary(report)
  }

  test('it delivers the same events under the same ids', async (t) => {
    const log = []
    const streams = [await subscribe(stage.daemon, 'near'), await subscribe(far, 'far')]
    const end = now() + 2000
    await writers(log, () => now() > end)
    t.diagnostic(await judge(log, streams))
    const ids = ({ events }) => events.map(({ id }) => id)
    assert.deepEqual(ids(streams[1]), ids(streams[0]))
  })

  test('a client that roams between primary and standby misses nothing and sees nothing twice', async (t) => {
    const log = []
    const stream = await subscribe(stage.daemon, 'roamer')
    const end = now() + 3000
    const done = writers(log, () => now() > end, ['d', 'e', 'f'])
    for (let hop = 0; now() < end; hop++) {
      await pause(60)
      stream.drop()
      await stream.current.done
      stream.url = (hop % 2 === 0 ? far : stage.daemon).url('/hot')
      await stream.connect()
    }
    await done
    t.diagnostic(await judge(log, [stream]))
    assert.ok(!stream.frames.some(({ name }) => name === 'reset'), 'no reset')
  })

  test('promoted, it goes on at once, and its daemon makes the ticks', async () => {
    const stream = await subscribe(far, 'survivor')
    await stage.cluster.stop('immediate')
    await standby.promote()
    await standby.psql("UPDATE hot SET version = version + 1, note = 'promoted' WHERE id = 1")
    await until(() => marksOf(stream).has('promoted'), { timeout: 8000, what: 'the first change of the new primary' })
    const [tick] = stream.events.at(-1).id.split('-').map(Number)
    assert.ok(tick >= 2 ** 32, `tick ids have jumped: ${tick}`)
    await stream.close()
  })
})
