// The daemon reads what clients have missed by connections of its own. These may lead to a standby
// that lags, while the ticks come from the primary. Nothing is passed over, and nobody is reset.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing } from '../lib/daemon.mjs'
import { deliver, openHot, prepareHot, resetsOf, writeNote } from '../lib/hot.mjs'
import { Parting } from '../lib/parting.mjs'
import { freePort, signal } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'
import { marksOf } from '../lib/writer.mjs'

describe('pages of what was missed, from a standby that lags,', { skip: missing(), timeout: 400_000 }, () => {
  let stage, standby, front, daemon
  before(async () => {
    stage = await openStage({ prepare: async (cluster) => {
      await prepareHot(cluster)
      await cluster.psql(`CREATE TABLE others (id int PRIMARY KEY, pad text); SELECT herald.watch('others');
        SELECT herald.stream('/others', '{others}', anonymous => true)`)
    } })
    standby = await Cluster.standbyOf(stage.cluster)
    front = await Parting.open((name) => (name === 'pgherald replay' ? standby : stage.cluster).port)
  })
  beforeEach(async () => { // the log of the daemon begins with the test
    await daemon?.stop() // its readers would come back among those of the next one
    daemon = undefined
    await replay('resume')
  })
  after(async () => {
    await front?.close()
    await standby?.destroy()
    await stage?.close()
  })

  const replay = (what) => standby.psql(`SELECT pg_wal_replay_${what}()`)
  const pages = async () => Number(/^pgherald_replay_pages_total (\d+)/m.exec((await request(daemon.adminUrl('/metrics'))).text)[1])
  const notes = (stream) => [...marksOf(stream)].filter((mark) => /^n\d/.test(mark))
  async function startDaemon(...flags) {
    daemon = await stage.addDaemon({ databaseUrl: front.url(stage.cluster.database), flags })
  }
  // The same, but what was missed is read from the primary. Returns the processes that serve its
  // readers.
  async function startWithReaders(...flags) {
    const readers = async (state) => (await stage.cluster.psql(`SELECT pid FROM pg_stat_activity WHERE application_name = 'pgherald replay' AND state ~ '${state}'`)).split('\n')
    const before = await readers('')
    await startDaemon(...flags)
    return until(async () => {
      const fresh = (await readers('idle')).filter((pid) => !before.includes(pid))
      return fresh.length === 2 && fresh
    }, { what: 'its connections' })
  }
  // What the standby gets after its replay is resumed. Returns the ids that the other daemon gives
  // out, of a note before and of these notes.
  async function missNotes(names) {
    const stream = await openHot(stage.daemon, 'witness')
    const first = await deliver(stage.cluster, 'before', stream)
    await until(async () => await standby.psql("SELECT count(*) FROM hot WHERE note = 'before'") === '1', { what: 'the standby' })
    await replay('pause')
    const ids = [first]
    for (const name of names) ids.push(await deliver(stage.cluster, name, stream))
    await stream.close()
    return ids
  }

  test('are waited for up to what the primary has told of', async () => {
    const [lastEventId] = await missNotes(['n1', 'n2', 'n3'])
    await startDaemon()
    const stream = await openHot(daemon, 'late', lastEventId)
    await writeNote(stage.cluster, 'n4')
    const asked = await pages()
    await until(async () => (await pages()) > asked + 2, { what: 'the page to be asked for again' })
    assert.deepEqual(notes(stream), [], 'nothing that is newer comes first')
    await replay('resume')
    await stream.when(() => marksOf(stream).has('n4'), 60_000, () => stream.tail())
    assert.deepEqual([notes(stream), resetsOf(stream)], [['n1', 'n2', 'n3', 'n4'], []])
    await stream.close()
  })

  test('that do not come are no end of the history: their clients come back for them', async () => {
    const [lastEventId, ofN5] = await missNotes(['n5', 'n6'])
    await startDaemon()
    const ahead = await openHot(daemon, 'ahead', ofN5) // of a tick that the standby does not have
    await writeNote(stage.cluster, 'n7')
    const stream = await openHot(daemon, 'late', lastEventId)
    const page = request(daemon.url(`/hot?after=${lastEventId}`), { timeout: 90_000, headers: { Accept: 'application/json', Authorization: `Bearer ${await token({ sub: 'ann' })}` } })
    for (const one of [stream, ahead]) {
      assert.equal(JSON.parse((await one.next('closing', 90_000)).data).reason, 'fault')
      await one.current.done
    }
    assert.equal((await page).status, 503)
    await daemon.said(/what it missed cannot be read: the server that it is read from has tick \d+ and not yet \d+/)
    await replay('resume')
    for (const one of [stream, ahead]) {
      await one.connect()
      await one.when(() => marksOf(one).has('n7'), 60_000, () => one.tail())
      assert.deepEqual([notes(one), resetsOf(one)], [one === stream ? ['n5', 'n6', 'n7'] : ['n6', 'n7'], []])
      await one.close()
    }
  })
  test('go to the other connection, where the one that was cut does not come back', async () => {
    const { portOf } = front
    front.portOf = () => stage.cluster.port
    const [lastEventId] = await missNotes(['n8'])
    await startWithReaders() // the other reader must be there too, before none can come
    const blocker = await stage.cluster.client()
    await blocker.query('BEGIN; LOCK TABLE herald.unreadable')
    const stream = await openHot(daemon, 'cut', lastEventId)
    const waiting = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgherald replay' AND wait_event_type = 'Lock'"
    const pid = await until(() => stage.cluster.psql(waiting, { database: 'postgres' }), { what: 'the page to wait' })
    const closed = await freePort()
    front.portOf = (name) => (name === 'pgherald replay' ? closed : stage.cluster.port)
    await stage.cluster.psql(`SELECT pg_terminate_backend(${pid})`, { database: 'postgres' })
    await blocker.query('COMMIT')
    await stream.when(() => marksOf(stream).has('n8'), 60_000, () => stream.tail())
    assert.deepEqual(notes(stream), ['n8'])
    await stream.close()
    front.portOf = portOf
  })
  test('are read up to where the log is when their turn comes, for it may have forgotten what was before', async () => {
    const { portOf } = front
    front.portOf = () => stage.cluster.port
    const [lastEventId] = await missNotes(['n9'])
    const pids = await startWithReaders('--log-size', '1MB')
    const others = await daemon.subscribe('/others')
    await others.next('connected')
    const asked = await pages(), crowd = []
    for (const pid of pids) signal(pid, 'SIGSTOP')
    try {
      for (let n = 0; n < 10; n++) crowd.push(await openHot(daemon, `late ${n}`, lastEventId))
      for (let n = 10; n <= 60; n += 10) { // each round is no more than the log holds for a client that is there
        await stage.cluster.psql(`INSERT INTO others SELECT n, repeat('x', 30000) FROM generate_series(${n - 9}, ${n}) n`)
        await others.when(() => others.events.length === n)
      }
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT')
    }
    for (const stream of crowd) await stream.when(() => marksOf(stream).has('n9'))
    await writeNote(stage.cluster, 'n10')
    for (const stream of crowd) {
      await stream.when(() => marksOf(stream).has('n10'))
      assert.deepEqual([notes(stream), resetsOf(stream)], [['n9', 'n10'], []])
      await stream.close()
    }
    // One page for each client. A page that was being read when its connection stopped is read a
    // second time.
    const read = (await pages()) - asked
    assert.ok(read >= crowd.length && read <= crowd.length + pids.length, `${read} pages`)
    await others.close()
    front.portOf = portOf
  })
})
