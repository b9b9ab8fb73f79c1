// The doorbell. Writers ring only while the ticker sleeps. No change is forgotten when the ticker
// wakes or dozes off, or when the setting is switched.
// run: measures
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openHot, prepareHot } from '../lib/hot.mjs'
import { check, explain, summary } from '../lib/oracle.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { measured, median, now, pause, until } from '../lib/wait.mjs'
import { endState, marksOf, Writer } from '../lib/writer.mjs'

const never = ['--poll-interval', '60s'] // no safety poll within a test, so what is forgotten stays forgotten

describe('the doorbell', { skip: missing(), timeout: 300_000 }, () => {
  let stage, client, stream
  before(async () => {
    stage = await openStage({ prepare: prepareHot, daemon: { flags: never } })
    client = await stage.cluster.client()
    stream = await openHot(stage.daemon, 'ann')
  })
  after(() => stage?.close())

  const update = (who, id, note) => who.query('UPDATE hot SET version = version + 1, note = $2 WHERE id = $1', [id, note])
  const arrives = (note, timeout = 30_000) => until(() => marksOf(stream).has(note), { timeout, every: 1, what: `the event of ${note}` })
  const awake = async () => (await stage.cluster.psql(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1751478881 AND objid = 3 AND mode = 'ExclusiveLock' AND granted")) === '1'

  // Writes fast until the ticker is awake. It writes in the server, because on a busy machine a
  // client does not make 20 changes in 100 ms.
  const burst = `DO $$ BEGIN FOR n IN 1..100 LOOP
    UPDATE hot SET version = version + 1, note = 'rouse.' || n WHERE id = 1 + n % 10; COMMIT; END LOOP; END $$`
  const rouse = () => until(async () => {
    if (await awake()) return true
    await client.query(burst)
  }, { what: 'the ticker to wake up' })

  // A writer in a transaction that has seen the ticker awake. On a busy machine the ticker may lie
  // down before that.
  async function beginAwake(note) {
    const late = await stage.cluster.client()
    return until(async () => {
      await rouse()
      await late.query('BEGIN')
      await update(late, 20, note)
      if (await awake()) return late
      await late.query('ROLLBACK')
    }, { what: 'a writer that has seen the ticker awake' })
  }

  test('a lone change wakes the sleeping ticker and arrives in milliseconds', async (t) => {
    let times = 0
    const thirty = async () => {
      const [waits, updates] = [[], []]
      times++
      for (let n = 0; n < 30; n++) {
        const note = `lone.${times}.${n}`
        const begun = now()
        await update(client, 1, note)
        updates.push(now() - begun)
        await arrives(note)
        waits.push(now() - begun)
        await pause(20)
      }
      t.diagnostic(`median ${median(waits).toFixed(2)} ms, of which the UPDATE ${median(updates).toFixed(2)} ms`)
      return median(waits)
    }
    const wait = await measured(t, thirty, (wait) => wait < 50)
    assert.equal(await awake(), false)
    assert.ok(wait < 50, `median ${wait} ms`)
  })

  test('a burst keeps the ticker awake, and quiet lets it sleep again', async () => {
    await rouse()
    await update(client, 2, 'awake.1')
    await arrives('awake.1')
    await until(async () => !(await awake()), { what: 'the ticker to lie down' })
    await update(client, 2, 'asleep.1')
    await arrives('asleep.1')
  })

  test('a writer that saw the ticker awake, and commits long after it lay down, is not forgotten', async (t) => {
    let times = 0
    const commitLate = async () => {
      const note = `late.${++times}`
      const late = await beginAwake(note)
      await until(async () => !(await awake()), { what: 'the ticker to lie down' })
      await pause(1500) // it must not have gone to sleep meanwhile, because this writer is still open
      const begun = now()
      await late.query('COMMIT')
      await arrives(note)
      const wait = now() - begun
      await late.end()
      return wait
    }
    const wait = await measured(t, commitLate, (wait) => wait < 1000)
    assert.ok(wait < 1000, `${wait} ms`)
  })

  test('nor is one whose ticker has died since', async () => {
    const late = await beginAwake('orphan.1')
    await stream.close()
    await stage.daemon.kill9()
    await stage.daemon.start()
    stream = await openHot(stage.daemon, 'ann')
    await update(client, 2, 'orphan.0')
    await arrives('orphan.0') // the new ticker has made its first ticks
    await late.query('COMMIT')
    await arrives('orphan.1')
    await late.end()
  })

  describe('an empty house', { concurrency: 1 }, () => {
    // An ear of the test's own, which is no daemon, hears whether writers ring.
    let ear
    let rings = 0
    before(async () => {
      ear = await stage.cluster.client()
      ear.on('notification', ({ channel }) => { rings += channel === 'herald' })
      await ear.query('LISTEN herald')
      await stream.close()
    })
    after(async () => {
      await ear.end()
      stream = await openHot(stage.daemon, 'ann')
    })
    let writes = 0
    /** How many of ten commits ring. */
    async function rung() {
      const before = rings
      for (let n = 0; n < 10; n++) await update(client, 3, `empty.${++writes}`)
      await ear.query('SELECT 1') // what was rung before this has come
      return rings - before
    }
    const listeners = async (count) => until(async () => (await stage.cluster.psql(
      `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1751478881 AND objid = 5 AND mode = 'ShareLock' AND granted`)) === String(count),
    { what: `${count} listeners` })

    test('a daemon that listens is rung for, and none is when it has stopped or died', async () => {
      await until(async () => !(await awake()), { what: 'the ticker to lie down' })
      await listeners(1)
      assert.equal(await rung(), 10)
      assert.equal(await stage.daemon.stop(), 0)
      await listeners(0)
      assert.equal(await rung(), 0)
      await stage.daemon.start()
      await listeners(1)
      await stage.daemon.kill9()
      await listeners(0)
      assert.equal(await rung(), 0)
    })

    test('what was written meanwhile is there when the daemon is back', async () => {
      await stage.daemon.start()
      stream = await openHot(stage.daemon, 'ann', stream.lastEventId)
      await arrives(`empty.${writes}`)
      for (let n = 1; n <= writes; n++) assert.ok(marksOf(stream).has(`empty.${n}`), `empty.${n}`)
    })

    test('a writer that found nobody there, and commits after a daemon has come, is not forgotten', async () => {
      await stream.close()
      await stage.daemon.kill9()
      await listeners(0)
      const late = await stage.cluster.client()
      await late.query('BEGIN')
      await update(late, 20, 'before.1')
      await stage.daemon.start()
      stream = await openHot(stage.daemon, 'ann')
      await listeners(1)
      await update(client, 3, 'beside.1')
      await arrives('beside.1')
      await pause(1500) // the ticker must not have gone to sleep, because this writer is still open
      await late.query('COMMIT')
      await arrives('before.1')
      await late.end()
    })

    // Takes advisory locks for itself, as any role of the database can.
    async function holding(...locks) {
      const somebody = await stage.cluster.client()
      for (const lock of locks) await somebody.query('SELECT pg_advisory_lock(1751478881, $1)', [lock])
      return somebody
    }
    /** A writer that finds nobody there, and stays open. */
    async function silent(note) {
      const late = await stage.cluster.client()
      await late.query('BEGIN')
      await update(late, 20, note)
      return late
    }
    const nobody = async () => {
      await stream.close()
      await stage.daemon.kill9()
      await listeners(0)
    }

    test('nor is one whose daemon cannot get the role', async () => {
      await nobody()
      const somebody = await holding(1)
      const late = await silent('roleless.1')
      await stage.daemon.start()
      stream = await openHot(stage.daemon, 'ann')
      await listeners(1)
      await late.query('COMMIT')
      await arrives('roleless.1')
      await Promise.all([late.end(), somebody.end()])
    })

    test('nor is one for whom the ticker still looked when it died', async () => {
      await nobody()
      const late = await silent('heirless.1')
      await stage.daemon.start()
      await listeners(1)
      const other = await stage.addDaemon({ flags: never })
      await listeners(2)
      stream = await openHot(other, 'ann')
      await stage.daemon.kill9()
      await listeners(1)
      await late.query('COMMIT')
      await arrives('heirless.1')
      await Promise.all([late.end(), stream.close()])
      await other.stop()
      await stage.daemon.start()
      stream = await openHot(stage.daemon, 'ann')
    })

    test('a daemon that could not say that it listens says so later', async () => {
      await nobody()
      const [role, sign] = [await holding(1), await holding(5)]
      await stage.daemon.start()
      stream = await openHot(stage.daemon, 'ann')
      await sign.end()
      await listeners(1)
      await update(client, 3, 'later.1')
      await arrives('later.1')
      await role.end()
    })

    test('one that is there rings for it when the other, which made the ticks, has died asleep', async () => {
      const other = await stage.addDaemon({ flags: never })
      await listeners(2)
      await until(async () => !(await awake()), { what: 'the ticker to lie down' })
      await stream.close()
      stream = await openHot(other, 'ann')
      await stage.daemon.kill9()
      await listeners(1)
      await update(client, 3, 'heir.1')
      await arrives('heir.1')
      await stream.close()
      await other.stop()
      await stage.daemon.start()
    })
  })

  test('while the setting is switched back and forth nothing is lost, repeated or out of order', async (t) => {
    await stream.close()
    stream = await openHot(stage.daemon, 'ann')
    stream.reconnect = () => 20
    const log = []
    let stopped = false
    const writers = ['a', 'b', 'c', 'd'].map((name) =>
      new Writer({ name, cluster: stage.cluster, log, random: new Random(name.charCodeAt(0)), rows: 20, owners: ['ann'] }).run(() => stopped))
    for (const mode of ['never', 'always', 'adaptive', 'never', 'adaptive']) {
      await pause(1200)
      assert.equal(await stage.daemon.stop(), 0)
      stage.daemon.flags = ['--wake', mode, '--poll-interval', mode === 'never' ? '20' : '60s']
      await stage.daemon.start()
    }
    await pause(1200)
    stopped = true
    await Promise.all(writers)
    const table = await endState(stage.cluster)
    const own = new Set(log.flatMap(({ changes }) => changes.map(({ mark }) => mark)))
    await until(() => table.every(({ mark }) => !own.has(mark) || marksOf(stream).has(mark)), { what: 'the end state' })
    await stream.close()
    const report = check({ writes: log, subscribers: [stream], table: table.filter(({ mark }) => own.has(mark)) })
    assert.ok(report.ok, `${summary(report)}\n${explain(report)}`)
    t.diagnostic(summary(report))
  })
})
