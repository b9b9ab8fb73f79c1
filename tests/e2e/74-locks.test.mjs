// Somebody holds a lock that the daemon needs, for longer than the daemon waits. The daemon's
// sessions do not pile up at the server. The one that is in the way is named. So is a server
// process that is frozen in the middle of a tick.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missing, run } from '../lib/daemon.mjs'
import { openHot, prepareHot } from '../lib/hot.mjs'
import { arrives, judgeLoad, named, openLoad } from '../lib/load.mjs'
import { signal } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { holder } from '../lib/ticker.mjs'
import { secret } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('who is in the way', { skip: missing(), timeout: 300_000 }, () => {
  let stage
  before(async () => (stage = await openStage({ prepare: prepareHot, daemon: { flags: ['--poll-interval', '500'] } })))
  after(() => stage?.close())

  async function locksOf(daemon) {
    const file = join(daemon.directory, 'key')
    writeFileSync(file, secret, { mode: 0o600 })
    const { stdout } = await run(['doctor', '--json', '--database-url', stage.cluster.url(), '--listen', `127.0.0.1:${daemon.port}`, '--admin-listen', '',
      '--jwt-secret-file', file], { timeout: 60_000 })
    return JSON.parse(stdout).checks.filter(({ check }) => check === 'locks')
  }

  const waiting = () => stage.cluster.psql(`SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.application_name <> 'test'`).then(Number)

  test('a lock on the log: no session of before waits on, the holder is named, and what was missed comes when it is gone', async (t) => {
    const { cluster, daemon } = stage
    const load = openLoad(cluster)
    const stream = await openHot(daemon, 'ann')
    await arrives(stream, await load.lone())
    const before = await until(async () => (await holder(cluster, 1)).pid, { what: 'the ticker' })
    const client = await cluster.client()
    const { rows: [{ pid }] } = await client.query('SELECT pg_backend_pid() AS pid')
    await client.query('BEGIN; LOCK TABLE herald.changes IN ACCESS EXCLUSIVE MODE')
    const lone = load.lone() // waits, too
    await until(async () => (await waiting()) > 0, { what: 'the ticker to wait' })
    const line = await until(async () => (await locksOf(daemon)).find(({ outcome }) => outcome === 'no'), { timeout: 60_000, what: 'doctor to name the holder' })
    assert.equal(line.about, `pid ${pid}`)
    assert.match(line.says, /waiting for table herald\.changes.*test of role postgres, idle in transaction/)
    await until(() => /given up: Process \d+ waits for Lock relation of herald\.changes, held by process \d+ \(test of role postgres\)/.test(daemon.logs()), { timeout: 60_000, what: 'the log to name the holder' })
    await daemon.said(new RegExp(`held by process ${pid} `))
    const gone = async () => (await cluster.psql(`SELECT count(*) FROM pg_stat_activity WHERE pid = ${before}`)) === '0'
    await until(gone, { timeout: 60_000, what: 'the end of the session that was given up' })
    await until(async () => (await daemon.status()).json.status === 'degraded', { timeout: 60_000, what: 'degraded' })
    await client.query('COMMIT')
    await lone
    await arrives(stream, await load.lone())
    t.diagnostic(await judgeLoad(cluster, load, [stream]))
    assert.deepEqual((await locksOf(daemon)).map(({ outcome }) => outcome), ['ok'])
  })

  test('a commit that waits for a standby which is gone holds up all that ring: doctor names it', async () => {
    const { cluster, daemon } = stage
    const client = await cluster.client()
    const { rows: [{ pid }] } = await client.query('SELECT pg_backend_pid() AS pid')
    await cluster.psql("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
    await cluster.psql('SELECT pg_reload_conf()')
    try {
      await until(async () => (await cluster.psql('SHOW synchronous_standby_names')) === 'gone', { what: 'the setting' })
      const stuck = client.query("CREATE TABLE public.stuck (); NOTIFY stuck").catch(() => {}) // without something written it would wait for nobody
      await until(async () => (await cluster.psql(`SELECT wait_event FROM pg_stat_activity WHERE pid = ${pid}`)) === 'SyncRep', { what: 'the commit that waits' })
      const other = await cluster.client()
      const rings = other.query("NOTIFY stuck").catch(() => {})
      const line = await until(async () => (await locksOf(daemon)).find(({ says }) => says?.includes('the queue of notifications')), { timeout: 60_000, what: 'doctor to name it' })
      assert.equal(line.about, `pid ${pid}`)
      assert.match(line.says, /active at IPC SyncRep/)
      await cluster.psql('ALTER SYSTEM RESET synchronous_standby_names')
      await cluster.psql('SELECT pg_reload_conf()')
      await Promise.all([stuck, rings])
    } finally {
      await cluster.psql('ALTER SYSTEM RESET synchronous_standby_names')
      await cluster.psql('SELECT pg_reload_conf()')
    }
    await until(async () => (await daemon.status()).json.status === 'ok', { what: 'all is well again' })
  })

  test('a server process that is frozen in a tick: the other instance and doctor name it', async (t) => {
    const { cluster } = stage
    const load = openLoad(cluster)
    const other = await named(stage, 'other', '500')
    const stream = await openHot(other, 'other')
    await arrives(stream, await load.lone())
    const client = await cluster.client()
    const inside = "SELECT l.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE relation = 'herald.ticking'::regclass AND granted AND mode = 'ShareUpdateExclusiveLock'"
    const standing = async () => { // a tick stops that has its lock already; a read that began before the tick would stop there too
      await client.query('BEGIN; LOCK TABLE herald.changes IN ACCESS EXCLUSIVE MODE')
      await cluster.psql('NOTIFY herald')
      return until(() => cluster.psql(inside), { timeout: 2000, what: 'a tick that stands still' }).catch(() => client.query('ROLLBACK').then(() => ''))
    }
    const [pid, name] = (await until(standing, { what: 'a tick that stands still' })).split('|')
    const witness = name === 'other' ? stage.daemon : other
    signal(Number(pid), 'SIGSTOP')
    try {
      await client.query('COMMIT')
      await until(() => new RegExp(`waits for Lock relation of herald\\.ticking, held by process ${pid} `).test(witness.logs()), { timeout: 60_000, what: 'the other instance to name it' })
      const line = await until(async () => (await locksOf(witness)).find(({ outcome }) => outcome === 'no'), { timeout: 60_000, what: 'doctor to name it' })
      assert.equal(line.about, `pid ${pid}`)
      assert.match(line.do, new RegExp(`pg_terminate_backend\\(${pid}\\).*kill -CONT ${pid}`))
    } finally {
      signal(Number(pid), 'SIGCONT')
    }
    await arrives(stream, await load.lone())
    t.diagnostic(await judgeLoad(cluster, load, [stream]))
  })
})
