// A real pgbouncer between the daemon and the database. If it keeps sessions, all is as without it.
// If it lends sessions for a transaction or a statement, the daemon finds that out and says so.
// Events then come by polling, and nothing stays with the pool.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { missing, run } from '../lib/daemon.mjs'
import { openHot, prepareHot } from '../lib/hot.mjs'
import { arrives, judgeLoad, openLoad } from '../lib/load.mjs'
import { Lender } from '../lib/lender.mjs'
import { missingPgbouncer, Pgbouncer } from '../lib/pgbouncer.mjs'
import { openStage } from '../lib/stage.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { holder } from '../lib/ticker.mjs'
import { secret, token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

describe('a pooler', { skip: missing() || missingPgbouncer(), timeout: 300_000 }, () => {
  let stage
  before(async () => (stage = await openStage({
    daemon: false,
    prepare: async (cluster) => {
      await prepareHot(cluster)
      await cluster.psql(`CREATE FUNCTION public.told(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', jsonb_build_object('limit', current_setting('statement_timeout'))) $$;
        CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
        CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS 'SELECT to_jsonb(h) FROM public.hot h';
        SELECT herald.action('POST', '/told', 'public.told');
        SELECT herald.stream('/state', '{hot}', match => '{"owner": "claims.sub"}', authorize => 'public.may', snapshot => 'public.state');`)
    },
  })))
  after(() => stage?.close())

  async function sessionLine(url) {
    const file = join(stage.cluster.directory, 'key')
    writeFileSync(file, secret, { mode: 0o600 })
    const { code, stdout } = await run(['doctor', '--json', '--database-url', url, '--listen', '127.0.0.1:1', '--admin-listen', '', '--jwt-secret-file', file], { timeout: 60_000 })
    return { code, ...JSON.parse(stdout).checks.find(({ check }) => check === 'session') }
  }

  const locks = () => stage.cluster.psql("SELECT objid, mode FROM pg_locks WHERE locktype = 'advisory'")

  const lone = async (load, stream) => {
    const begun = now()
    await arrives(stream, await load.lone())
    return now() - begun
  }

  test('that has too few sessions to give: it is said where one looks, until it has more', async () => {
    const bouncer = await Pgbouncer.start(stage.cluster, 'session', { default_pool_size: 4, query_wait_timeout: 0 })
    const daemon = await stage.addDaemon({ databaseUrl: bouncer.url })
    const ready = () => request(daemon.adminUrl('/readyz'))
    await until(async () => (await ready()).status === 200, { what: 'a daemon that is ready' })
    const stream = new Subscriber(daemon.url('/state'), { token: await token({ sub: 'ann' }) })
    const opened = stream.connect({ timeout: 120_000 })
    await until(async () => (await ready()).text === 'not ready: what clients ask the database for waits for a session: is a pool or a connection limit full?\n', { what: '503' })
    assert.equal(JSON.parse((await daemon.status()).text).status, 'degraded')
    await daemon.said(/waits for a session that cannot be had: give the daemon's pool, role or database more connections/)
    await bouncer.stop()
    const other = await Pgbouncer.start(stage.cluster, 'session', {}, bouncer.port)
    await opened
    await until(async () => (await ready()).status === 200, { what: 'a daemon that is ready again' })
    await stream.close()
    await daemon.destroy()
    stage.daemons.splice(stage.daemons.indexOf(daemon), 1)
    await other.stop()
  })

  test('that keeps sessions is one with which all works as without it', async (t) => {
    const bouncer = await Pgbouncer.start(stage.cluster, 'session')
    const daemon = await stage.addDaemon({ databaseUrl: bouncer.url, flags: ['--poll-interval', '5s'] })
    const load = openLoad(stage.cluster)
    const stream = await openHot(daemon, 'ann')
    await until(async () => (await holder(stage.cluster, 1)).pid, { what: 'the role' })
    const wait = await measured(t, () => lone(load, stream), (ms) => ms < 1000)
    assert.ok(wait < 1000, `${wait} ms: the doorbell is not heard`)
    assert.doesNotMatch(daemon.logs(), /pooler/)
    const { outcome, code } = await sessionLine(bouncer.url)
    assert.deepEqual([outcome, code], ['!', 0])
    t.diagnostic(await judgeLoad(stage.cluster, load, [stream]))
    await daemon.stop()
    await until(async () => (await locks()) === '', { what: 'no lock' })
    await bouncer.stop()
  })

  for (const mode of ['transaction', 'statement'])
    test(`that lends sessions for a ${mode}: it is said, events come by looking, nothing stays with the pool`, async (t) => {
      const bouncer = await Pgbouncer.start(stage.cluster, mode)
      const { outcome, code, says } = await sessionLine(bouncer.url)
      assert.deepEqual([outcome, code], ['no', 1])
      assert.match(says, /a pooler in transaction mode stands between/)
      const daemon = await stage.addDaemon({ databaseUrl: bouncer.url, flags: ['--poll-interval', '5s'] })
      await daemon.said(/a pooler in transaction mode stands between/)
      const load = openLoad(stage.cluster)
      const streams = [await openHot(daemon, 'ann'), await openHot(daemon, 'all', 'earliest')]
      const begun = now()
      await load.run(['a', 'b', 'c', 'd'], 5, () => now() > begun + 1500)
      const wait = await measured(t, () => lone(load, streams[0]), (ms) => ms < 1000)
      assert.ok(wait < 1000, `${wait} ms: it waits for the safety poll`)
      const headers = { Authorization: `Bearer ${await token({ sub: 'ann' })}`, 'Content-Type': 'application/json' }
      assert.deepEqual((await request(daemon.url('/told'), { method: 'POST', body: '{}', headers })).json, { limit: '5s' })
      if (mode === 'transaction') { // a snapshot is several statements
        const state = await daemon.subscribe('/state', { token: await token({ sub: 'ann' }) })
        await state.next('ready')
        await state.close()
      }
      assert.equal(await locks(), '')
      await streams[1].close()
      t.diagnostic(await judgeLoad(stage.cluster, load, [streams[0]]))
      assert.doesNotMatch(daemon.logs(), /query of 'pgherald (?!proof).* failed/)
      await daemon.stop()
      await bouncer.stop()
    })

  test('whose database is read-only by default, and isolates otherwise, serves as well', async () => {
    const load = openLoad(stage.cluster)
    await load.lone() // the writer is there, and writes
    const defaults = (...commands) => stage.cluster.psql(`SET default_transaction_read_only = off; ${commands.map((command) => `ALTER DATABASE ${stage.cluster.database} ${command};`).join(' ')}`)
    await defaults('SET default_transaction_read_only = on', "SET default_transaction_isolation = 'serializable'")
    const bouncer = await Pgbouncer.start(stage.cluster, 'transaction')
    try {
      const daemon = await stage.addDaemon({ databaseUrl: bouncer.url })
      await daemon.said(/a pooler in transaction mode stands between/)
      const stream = await openHot(daemon, 'ann', 'earliest')
      await arrives(stream, await load.lone())
      const state = await daemon.subscribe('/state', { token: await token({ sub: 'ann' }) })
      await state.next('ready')
      await Promise.all([state.close(), stream.close(), load.end()])
      assert.doesNotMatch(daemon.logs(), /query of 'pgherald (?!proof).* failed|the database said/)
      await daemon.stop()
    } finally {
      await defaults('RESET default_transaction_read_only', 'RESET default_transaction_isolation')
      await bouncer.stop()
    }
  })

  test('that looks like the server itself is found out by what it does', async (t) => {
    const lender = await Lender.open(stage.cluster.port)
    const url = `postgresql://postgres@127.0.0.1:${lender.port}/${stage.cluster.database}`
    assert.equal((await sessionLine(url)).outcome, 'no')
    const daemon = await stage.addDaemon({ databaseUrl: url, flags: ['--poll-interval', '5s'] })
    await daemon.said(/a pooler in transaction mode stands between/)
    const load = openLoad(stage.cluster)
    const stream = await openHot(daemon, 'ann')
    const begun = now()
    await load.run(['e', 'f'], 5, () => now() > begun + 500)
    t.diagnostic(await judgeLoad(stage.cluster, load, [stream]))
    await daemon.stop()
    assert.equal(await locks(), '')
    await lender.close()
  })

  test('that begins to lend while the daemon runs is found out, too, and what is left with it goes', async (t) => {
    const lender = await Lender.open(stage.cluster.port, { keeps: true })
    const daemon = await stage.addDaemon({ databaseUrl: `postgresql://postgres@127.0.0.1:${lender.port}/${stage.cluster.database}` })
    const load = openLoad(stage.cluster)
    const stream = await openHot(daemon, 'ann')
    await arrives(stream, await load.lone())
    assert.doesNotMatch(daemon.logs(), /pooler/)
    assert.notEqual(await locks(), '')
    lender.lend()
    let over = false
    const running = load.run(['g', 'h'], 20, () => over)
    await until(() => /a pooler in transaction mode stands between/.test(daemon.logs()), { what: 'the daemon to notice' }).finally(() => (over = true))
    await running
    await arrives(stream, await load.lone())
    await until(async () => (await locks()) === '', { what: 'its locks to go' })
    t.diagnostic(await judgeLoad(stage.cluster, load, [stream]))
    await daemon.stop()
    await lender.close()
  })

  test('that begins to lend is told from what it does alone, and what others do with what was ours comes to its end', async (t) => {
    const lender = await Lender.open(stage.cluster.port, { keeps: true })
    const url = `postgresql://postgres@127.0.0.1:${lender.port}/${stage.cluster.database}`
    const daemon = await stage.addDaemon({ databaseUrl: url })
    const load = openLoad(stage.cluster)
    const stream = await openHot(daemon, 'ann')
    await arrives(stream, await load.lone())
    lender.refuses = /pgherald proof/ // no second connection that could prove anything
    lender.lend()
    const others = []
    await until(async () => {
      if (others.length === 0 || (lender.idle.length > 0 && others.length < 20)) { // until each server session has somebody else's transaction, even those in use now
        others.unshift(new pg.Client({ connectionString: url }))
        await others[0].connect()
        await others[0].query('BEGIN')
      }
      return /a pooler in transaction mode stands between/.test(daemon.logs())
    }, { what: 'the daemon to notice' })
    await arrives(stream, await load.lone())
    await until(async () => (await daemon.status()).json.status === 'ok')
    for (const other of others) {
      await other.query('COMMIT')
      await other.end()
    }
    await until(async () => (await locks()) === '', { what: 'its locks to go' })
    t.diagnostic(await judgeLoad(stage.cluster, load, [stream]))
    await daemon.stop()
    await lender.close()
  })

  test('in whose pool others find no setting, no lock and no channel of ours', async (t) => {
    const bouncer = await Pgbouncer.start(stage.cluster, 'transaction', { default_pool_size: 1 })
    const used = async () => {
      const daemon = await stage.addDaemon({ databaseUrl: bouncer.url })
      const stream = await openHot(daemon, 'ann')
      const load = openLoad(stage.cluster)
      await arrives(stream, await load.lone())
      await load.end()
      await stream.close()
      await daemon.stop()
      return (await stage.cluster.psql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'test'")).split('\n').filter(Boolean)
    }
    // A client that leaves in the middle of a query takes the server process along, because the
    // pool ends it.
    const pids = await measured(t, used, ({ length }) => length === 1, { shown: ({ length }) => `${length} server processes` })
    assert.equal(pids.length, 1)
    const { stdout } = await stage.cluster.tryPsql(['-qAt', '-d', bouncer.url, '-c', `SELECT pg_backend_pid(), (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name NOT IN ('client_encoding', 'application_name', 'DateStyle', 'TimeZone', 'standard_conforming_strings')), (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')`])
    assert.equal(stdout.trim(), `${pids[0]}|0|0|0|0`)
    await bouncer.stop()
  })
})
