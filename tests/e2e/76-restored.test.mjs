// A database that has gone back to an earlier state, or on in another history. It is restored from
// a dump, to a point in time, or to a copy of its directory. Or it is promoted without its tail.
// - The stream goes on at once.
// - A client with a cursor of what is lost is told.
// - No tick id is given out twice.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing } from '../lib/daemon.mjs'
import { deliver, idOf, openHot as open, prepareHot as prepare, resetsOf, writeNote } from '../lib/hot.mjs'
import { tooOld } from '../lib/postgres.mjs'
import { removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { parseId } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { pause, until } from '../lib/wait.mjs'
import { marksOf } from '../lib/writer.mjs'

const tickOf = (id) => parseId(id)[0]

/** Each of these cursors is told once that its history is lost. After that it gets what is new. */
async function assertReset(daemon, cursors, cluster, note) {
  const streams = []
  for (const [name, cursor] of Object.entries(cursors)) streams.push(await open(daemon, `${name} ${cursor}`, cursor))
  await Promise.all(streams.map((stream) => stream.when(() => resetsOf(stream).length > 0, 60_000, () => `a reset of ${stream.name}: ${stream.tail()}`)))
  await writeNote(cluster, note)
  for (const stream of streams) {
    await idOf(note, stream)
    assert.deepEqual(resetsOf(stream), ['restored'], stream.name)
    assert.deepEqual([...marksOf(stream)], [note], `${stream.name} gets nothing but what is new`)
    await stream.close()
  }
}

/** The tick of `id` is none of the ticks that were given out before. */
const assertNew = (id, ...given) => assert.ok(!given.some((old) => tickOf(old) === tickOf(id)), `tick of ${id} was given out before: ${given}`)

describe('a dump, restored', { skip: missing(), timeout: 300_000 }, () => {
  let stage, idle, directory, dump, restored
  const ids = {}
  const skip = tooOld('pg_dump')
  before(async () => {
    stage = await openStage({ prepare })
    idle = await stage.addDaemon()
    directory = temporaryDirectory('dump')
    dump = join(directory, 'app.dump')
  })
  after(async () => {
    await restored?.destroy()
    await stage?.close()
    if (directory) removeDirectory(directory)
  })

  test('into a new cluster in its place: open streams are reset, also one that had seen no more than the dump holds', { skip }, async () => {
    const [stream, behind] = [await open(stage.daemon, 'open'), await open(idle, 'behind')]
    ids.old = await deliver(stage.cluster, 'old', stream)
    ids.last = await deliver(stage.cluster, 'last', stream)
    await idOf('last', behind)
    idle.pause() // it knows nothing of what comes after the dump
    await stage.cluster.dump(['-Fc', '-f', dump])
    ids.ahead = await deliver(stage.cluster, 'ahead', stream)

    restored = await Cluster.start({ unique: true })
    await restored.restore(dump)
    await Promise.all([stage.cluster.stop(), restored.stop()])
    restored.configure({ port: stage.cluster.port })
    await restored.startServer()
    idle.resume()
    for (const each of [stream, behind]) {
      await each.when(() => resetsOf(each).length > 0, 30_000, () => `a reset of ${each.name}: ${each.tail()}`)
      assert.deepEqual(resetsOf(each), ['restored'], each.name)
    }
    ids.first = await deliver(restored, 'first', stream)
    await idOf('first', behind)
    assertNew(ids.first, ids.old, ids.last, ids.ahead)
    await Promise.all([stream.close(), behind.close()])
  })

  test('a fresh stream gets what is written now, by the triggers that the dump brought along', { skip }, async () => {
    const stream = await open(stage.daemon, 'fresh')
    await deliver(restored, 'fresh', stream)
    assert.equal(await restored.psql('SELECT target, topic FROM herald.watches'), 'hot|hot')
    await restored.psql("SELECT herald.watch('public.hot', audience => '{owner}')")
    await deliver(restored, 'watched anew', stream)
    assert.deepEqual(stream.frames.map(({ name }) => name), ['connected', 'hot.update', 'hot.update'])
    await stream.close()
  })

  test('each cursor of the old cluster is reset: an old one, the last of the dump, one ahead of it', { skip }, async () => {
    await assertReset(stage.daemon, { old: ids.old, last: ids.last, ahead: ids.ahead }, restored, 'after the resets')
  })

  test('nobody is let in before ids have jumped: not a client that would seem to be up to date', { skip }, async () => {
    const { daemon } = stage
    const stream = await open(daemon, 'before')
    const last = await deliver(restored, 'last again', stream)
    await stream.close()
    await Promise.all(stage.daemons.map((each) => each.stop()))
    await restored.psql("UPDATE herald.ticks SET origin = '1' || origin") // the log looks like that of a dump from elsewhere
    const holder = await restored.client()
    await holder.query('BEGIN; LOCK TABLE herald.ticking IN SHARE UPDATE EXCLUSIVE MODE')
    const starting = daemon.start()
    const waits = "SELECT count(*) FROM pg_locks WHERE relation = 'herald.ticking'::regclass AND NOT granted"
    await until(async () => (await restored.psql(waits)) === '1', { what: 'the daemon, held up' })
    const opening = open(daemon, 'up to date', last)
    await Promise.race([opening, pause(300)]) // a daemon that lets it in does so at once
    await holder.end()
    const early = await opening
    await early.when(() => resetsOf(early).length > 0, 30_000, () => `a reset: ${early.tail()}`)
    assert.deepEqual(resetsOf(early), ['restored'])
    await Promise.all([early.close(), starting, idle.start()])
  })

  test('into the same cluster, twice: ids ahead of the dump are not given out again, and their holders are reset', { skip }, async () => {
    await restored.dump(['-Fc', '-f', dump])
    let stream = await open(stage.daemon, 'before')
    const lost = [await deliver(restored, 'lost', stream)]
    for (const round of [1, 2]) {
      await stream.close()
      await Promise.all(stage.daemons.map((daemon) => daemon.stop()))
      for (const what of ['DROP', 'CREATE']) await restored.psql(`${what} DATABASE app`, { database: 'postgres' })
      await restored.restore(dump)
      await Promise.all(stage.daemons.map((daemon) => daemon.start()))
      stream = await open(stage.daemon, 'fresh')
      const id = await deliver(restored, `round ${round}`, stream)
      assertNew(id, ...lost, ...Object.values(ids))
      await assertReset(stage.daemon, { ...lost, ahead: ids.ahead }, restored, `reset ${round}`)
      lost.push(id)
    }
    await stream.close()
  })
})

describe('a restore to a point in time', { skip: missing(), timeout: 300_000 }, () => {
  let stage, backups, first, second
  const ids = {}
  const archive = { archive_mode: 'on', archive_command: 'mkdir -p ../archive && cp %p ../archive/%f' }
  before(async () => {
    stage = await openStage({ prepare, settings: archive })
    backups = [await Cluster.backupOf(stage.cluster), await Cluster.backupOf(stage.cluster)]
  })
  after(async () => {
    for (const backup of backups ?? []) await backup.destroy()
    await stage?.close()
  })

  async function archived(cluster) {
    const segment = await cluster.psql('SELECT pg_walfile_name(pg_switch_wal())')
    await until(async () => (await cluster.psql("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")) >= segment, { what: 'the archived WAL' })
  }

  // Restores in the place of the server before, as an operator does it. The new server does not
  // archive. A restore after it finds no trace of its timeline.
  const restoreTo = (backup, port) => backup.recover({
    port, archive_mode: 'off', recovery_target_name: 'good', restore_command: `cp ${stage.cluster.directory}/archive/%f "%p"`,
  })

  test('open streams that have seen what is lost are reset, and go on at once', async () => {
    const stream = await open(stage.daemon, 'open')
    ids.kept = await deliver(stage.cluster, 'kept', stream)
    await stage.cluster.psql("SELECT pg_create_restore_point('good')")
    ids.lost = await deliver(stage.cluster, 'lost', stream)
    ids.worse = await deliver(stage.cluster, 'worse', stream)
    await archived(stage.cluster)
    await stage.cluster.stop()
    first = backups[0]
    await restoreTo(first, stage.cluster.port)
    await stream.when(() => resetsOf(stream).length > 0, 30_000, () => `a reset: ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), ['restored'])
    assert.equal(await first.psql('SELECT note FROM hot WHERE id = 1'), 'kept')
    ids.first = await deliver(first, 'first', stream)
    assertNew(ids.first, ids.kept, ids.lost, ids.worse)
    await stream.close()
  })

  test('cursors of what is lost are reset', async () => {
    await assertReset(stage.daemon, { lost: ids.lost, worse: ids.worse }, first, 'after the resets')
  })

  test('a cursor that both histories have is not reset and misses nothing', async () => {
    const stream = await open(stage.daemon, 'kept', ids.kept)
    await idOf('after the resets', stream)
    assert.deepEqual([...marksOf(stream)], ['first', 'after the resets'])
    assert.deepEqual(resetsOf(stream), [])
    await stream.close()
  })

  test('restored once more from the same backup: no id of the first attempt comes again, and its cursors are reset', async () => {
    assert.equal(timeline(await first.psql('SELECT pg_walfile_name(pg_current_wal_lsn())')), '00000002')
    await first.stop()
    second = backups[1]
    await restoreTo(second, stage.cluster.port)
    assert.equal(timeline(await second.psql('SELECT pg_walfile_name(pg_current_wal_lsn())')), '00000002', 'as the first attempt')
    const stream = await open(stage.daemon, 'fresh')
    const id = await deliver(second, 'second', stream)
    assertNew(id, ids.kept, ids.lost, ids.worse, ids.first)
    await stream.close()
    await assertReset(stage.daemon, { lost: ids.lost, first: ids.first }, second, 'second resets')
  })
  const timeline = (segment) => segment.slice(0, 8)
})

describe('a copy of the data directory, put back', { skip: missing(), timeout: 300_000 }, () => {
  let stage
  before(async () => (stage = await openStage({ prepare })))
  after(() => stage?.close())

  // As with a snapshot of the volume. PostgreSQL itself cannot tell it from a restart, because the
  // timeline stays.
  test('streams and cursors of what is lost are reset, others go on, no id comes twice', async () => {
    const { cluster, daemon } = stage
    const stream = await open(daemon, 'open')
    const kept = await deliver(cluster, 'kept', stream)
    await cluster.stop()
    await cluster.keepCopy()
    await cluster.startServer()
    const lost = await deliver(cluster, 'lost', stream)
    await cluster.stop()
    cluster.putBack()
    await cluster.startServer()

    await stream.when(() => resetsOf(stream).length > 0, 30_000, () => `a reset: ${stream.tail()}`)
    assert.deepEqual(resetsOf(stream), ['restored'])
    const id = await deliver(cluster, 'first', stream)
    assertNew(id, kept, lost)
    await assertReset(daemon, { lost }, cluster, 'after the resets')
    const going = await open(daemon, 'kept', kept)
    await idOf('after the resets', going)
    assert.deepEqual([...marksOf(going)], ['first', 'after the resets'])
    assert.deepEqual(resetsOf(going), [])
    await Promise.all([stream.close(), going.close()])
  })
})

describe('a standby that is promoted without the tail', { skip: missing(), timeout: 300_000 }, () => {
  let stage, standby, far, early
  const ids = {}
  before(async () => {
    stage = await openStage({ prepare })
    standby = await Cluster.standbyOf(stage.cluster)
    far = await Daemon.start({ cluster: standby })
  })
  after(async () => {
    await far?.destroy()
    await standby?.destroy()
    await stage?.close()
  })

  test('streams of its own daemon have seen nothing that is lost: they go on at once, without a reset', async () => {
    const near = await open(stage.daemon, 'near')
    early = await open(far, 'far')
    ids.kept = await deliver(stage.cluster, 'kept', near)
    await idOf('kept', early)
    // Committed and received, but in no tick that the standby has.
    stage.daemon.pause()
    await writeNote(stage.cluster, 'received')
    await until(async () => (await standby.psql('SELECT note FROM hot WHERE id = 1')) === 'received', { what: 'the change at the standby' })
    await standby.stop()
    stage.daemon.resume()
    ids.received = await idOf('received', near)
    ids.lost = await deliver(stage.cluster, 'lost', near)
    ids.worse = await deliver(stage.cluster, 'worse', near)
    await near.close()
    await stage.daemon.kill9()
    await stage.cluster.kill9()

    await standby.startServer()
    await standby.promote()
    ids.first = await deliver(standby, 'first', early)
    assert.deepEqual([...marksOf(early)], ['kept', 'received', 'first'])
    assert.deepEqual(resetsOf(early), [])
    assertNew(ids.first, ids.kept, ids.received, ids.lost, ids.worse)
    await early.close()
  })

  test('a client with a cursor of the lost tail is reset, also where the standby has its change', async () => {
    await assertReset(far, { received: ids.received, lost: ids.lost, worse: ids.worse }, standby, 'after the resets')
  })

  // The cursor's tick is in both histories. What the new history has made of the changes since is
  // in ticks of its own.
  test('a client whose cursor lies before the fork goes on and misses nothing', async () => {
    const stream = await open(far, 'kept', ids.kept)
    await idOf('after the resets', stream)
    assert.deepEqual([...marksOf(stream)], ['received', 'first', 'after the resets'])
    assert.deepEqual(resetsOf(stream), [])
    await stream.close()
  })
})
