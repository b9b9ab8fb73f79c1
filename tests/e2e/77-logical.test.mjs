// The log by logical replication. A daemon runs at a subscriber of herald.changes and herald.ticks.
// It delivers the same events under the same ids, and writes nothing there. setUp() does what an
// operator has to do.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, migrate, missing } from '../lib/daemon.mjs'
import { defineHot, deliver, idOf, judgeHot, openHot, prepareHot, resetsOf, roam, writeHot, writeNote } from '../lib/hot.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { now, until } from '../lib/wait.mjs'
import { marksOf } from '../lib/writer.mjs'

describe('a subscriber by logical replication', { skip: missing(), timeout: 300_000 }, () => {
  let stage, subscriber, far
  before(async () => {
    stage = await openStage({ prepare: prepareHot, settings: { wal_level: 'logical' } })
    // A publication for other purposes than ours. It must not stand in the way of pruning.
    await stage.cluster.psql('CREATE PUBLICATION everything FOR ALL TABLES')
    subscriber = await Cluster.start({ unique: true })
    await setUp()
  })
  after(async () => {
    await far?.destroy()
    await subscriber?.destroy()
    await stage?.close()
  })

  async function setUp() {
    await stage.cluster.psql('CREATE PUBLICATION herald FOR TABLE herald.changes, herald.ticks')
    await migrate(subscriber)
    await defineHot(subscriber)
    await subscriber.psql('TRUNCATE herald.changes, herald.ticks') // takes away the first tick, because the publisher must send it
  }
  const subscribe = () => subscriber.psql(`CREATE SUBSCRIPTION herald CONNECTION '${stage.cluster.url()}' PUBLICATION herald`)
  const count = (cluster, what) => cluster.psql(`SELECT count(*) FROM ${what}`)
  // Each look of the waiting daemon is a query of its session.
  const seen = new Set()
  const lastLook = "SELECT query_start FROM pg_stat_activity WHERE application_name = 'pgherald ticker' AND query LIKE '%cursor_fault%'"
  const looks = async (cluster) => seen.add(await cluster.psql(lastLook)).size
  const ticks = (cluster) => cluster.psql('SELECT id, since, snapshot, upto, origin FROM herald.ticks ORDER BY id')

  test('a daemon there opens its door when both tables are copied, and not with ticks alone', async () => {
    const near = await openHot(stage.daemon, 'near')
    const id = await deliver(stage.cluster, 'early', near)
    const holder = await subscriber.client()
    await holder.query('BEGIN; LOCK herald.changes IN SHARE MODE') // holds up the copy of this one
    await subscribe()
    await until(async () => (await count(subscriber, 'herald.ticks')) === '2', { what: 'the copy of the ticks' })
    let serving = false
    const starting = Daemon.start({ cluster: subscriber, flags: ['--poll-interval', '500ms'] }).then((daemon) => ((far = daemon), (serving = true)))
    await until(async () => (await looks(subscriber)) > 2, { what: 'a daemon that looks whether it may begin' })
    assert.equal(serving, false)
    await holder.query('COMMIT')
    await starting
    const stream = await openHot(far, 'all of it', 'earliest')
    assert.equal(await idOf('early', stream), id)
    await Promise.all([near.close(), stream.close()])
  })

  test('it delivers the same events under the same ids, in the same order', async (t) => {
    const log = []
    const streams = [await openHot(stage.daemon, 'near'), await openHot(far, 'far')]
    await writeHot(stage.cluster, log, now() + 1500, ['a', 'b', 'c'])
    t.diagnostic(await judgeHot(stage.cluster, log, streams))
    const ids = ({ events }) => events.map(({ id }) => id)
    assert.deepEqual(ids(streams[1]), ids(streams[0]))
  })

  test('a client that roams between publisher and subscriber misses nothing and sees nothing twice', async (t) => {
    const log = []
    const stream = await openHot(stage.daemon, 'roamer')
    const end = now() + 2000
    await Promise.all([writeHot(stage.cluster, log, end, ['d', 'e', 'f']), roam(stream, [far, stage.daemon], end)])
    t.diagnostic(await judgeHot(stage.cluster, log, [stream]))
    assert.deepEqual(resetsOf(stream), [])
  })

  test('nothing there makes a tick or empties the log, whoever asks for it', async () => {
    assert.equal(await subscriber.psql('SELECT herald.tick()'), '')
    assert.equal(await subscriber.psql('SELECT herald.attach()'), 't')
    assert.equal(await subscriber.psql("SELECT herald.wake('adaptive')"), 'f')
    await until(async () => (await ticks(subscriber)) === (await ticks(stage.cluster)), { what: 'the same ticks on both sides' })
    assert.equal(await count(subscriber, "pg_locks WHERE locktype = 'advisory'"), '0', 'its daemon has no role')
  })

  test('a daemon that had read further than a subscriber that fell back waits for it, and resets nobody', async () => {
    const stream = await openHot(far, 'ahead')
    await deliver(stage.cluster, 'ahead', stream)
    // As after a crash of the subscriber, whose commits are not durable at once. The publisher
    // sends again what was lost.
    const [tick] = (await subscriber.psql('SELECT max(id) FROM herald.ticks')).split('\n')
    await subscriber.psql('ALTER SUBSCRIPTION herald DISABLE')
    await subscriber.psql(`CREATE TABLE kept AS SELECT * FROM herald.ticks WHERE id = ${tick}; DELETE FROM herald.ticks WHERE id = ${tick}`)
    const dropped = await subscriber.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgherald ticker'")
    assert.equal(dropped, 't')
    await until(async () => (await far.status()).json.status === 'degraded', { what: 'the daemon to wait' })
    await subscriber.psql('INSERT INTO herald.ticks SELECT * FROM kept; ALTER SUBSCRIPTION herald ENABLE')
    await writeNote(stage.cluster, 'after it') // the server starts a subscription's worker again after at least 5 s
    await stream.when(() => marksOf(stream).has('after it'), 60_000, () => `after it at ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), [])
    assert.deepEqual([...marksOf(stream)], ['ahead', 'after it'])
    await stream.close()
  })

  test('what is pruned at the publisher goes at the subscriber too', async () => {
    const old = await subscriber.psql('SELECT min(id) FROM herald.ticks')
    assert.notEqual(await stage.cluster.psql("SELECT herald.prune('0 seconds', 1000000)"), '0')
    await until(async () => (await count(subscriber, 'herald.changes')) === (await count(stage.cluster, 'herald.changes')), { what: 'as many changes' })
    await until(async () => (await ticks(subscriber)) === (await ticks(stage.cluster)), { what: 'the same ticks' })
    const stream = await openHot(far, 'old', `${old}-0`)
    await stream.next('reset')
    assert.deepEqual(resetsOf(stream), ['expired'])
    await stream.close()
  })

  test('an upgrade goes to the subscriber first; the other way round it stands still until it has the columns, too', async () => {
    const stream = await openHot(far, 'upgraded')
    const add = (cluster, name) => cluster.psql(`ALTER TABLE herald.changes ADD COLUMN ${name} int`) // as the migration of a newer version does
    await add(subscriber, 'newer')
    await deliver(stage.cluster, 'subscriber first', stream)
    await add(stage.cluster, 'newer')
    await deliver(stage.cluster, 'then the publisher', stream)
    await add(stage.cluster, 'newest')
    await writeNote(stage.cluster, 'publisher first')
    await until(() => /missing replicated column: "newest"/.test(subscriber.logs()), { timeout: 30_000, what: 'the subscription to say what it lacks' })
    await add(subscriber, 'newest')
    await stream.when(() => marksOf(stream).has('publisher first'), 60_000, () => `publisher first at ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), [])
    await stream.close()
  })

  test('a daemon ahead of its log for good says so: streams are reset', async () => {
    const stream = await openHot(far, 'ahead for good')
    await deliver(stage.cluster, 'never again', stream)
    await subscriber.psql('ALTER SUBSCRIPTION herald DISABLE; DELETE FROM herald.ticks WHERE id = (SELECT max(id) FROM herald.ticks)')
    await subscriber.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgherald ticker'")
    await stream.when(() => resetsOf(stream).length > 0, 60_000, () => `a reset: ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), ['restored'])
    await subscriber.psql('ALTER SUBSCRIPTION herald ENABLE')
    await writeNote(stage.cluster, 'goes on')
    await stream.when(() => marksOf(stream).has('goes on'), 60_000, () => `goes on at ${stream.tail()}`)
    await stream.close()
  })

  test('when its subscription goes it has a log of its own: streams are reset, its own changes are events', async () => {
    const stream = await openHot(far, 'survivor')
    const last = await deliver(stage.cluster, 'last', stream)
    await subscriber.psql('CREATE TABLE hot (id int PRIMARY KEY, owner text NOT NULL, version int NOT NULL, note text NOT NULL)')
    await subscriber.psql("INSERT INTO hot VALUES (1, 'ann', 0, 'start'); SELECT herald.watch('public.hot', audience => '{owner}')")
    await subscriber.psql('DROP SUBSCRIPTION herald')
    await stream.when(() => resetsOf(stream).length > 0, 60_000, () => `a reset: ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), ['restored'])
    const id = await deliver(subscriber, 'its own', stream)
    assert.ok(BigInt(id.split('-')[0]) > BigInt(last.split('-')[0]) + 2n ** 32n, `${id} is far ahead of ${last}`)
    await stream.close()
  })

  test('subscribed anew, it follows again: streams are reset, the publisher\'s changes are events', async () => {
    const stream = await openHot(far, 'returner')
    await subscriber.psql('TRUNCATE herald.changes, herald.ticks')
    await subscribe()
    await stream.when(() => resetsOf(stream).length > 0, 60_000, () => `a reset: ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), ['restored'])
    const near = await openHot(stage.daemon, 'near')
    const id = await deliver(stage.cluster, 'followed again', near)
    assert.equal(await idOf('followed again', stream), id)
    await Promise.all([near.close(), stream.close()])
  })
})
